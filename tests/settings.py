"""The application in a mode, and the tables of the bank beside it; but passwords cost nothing: else
each login takes half a second."""

from importlib import import_module

from dev.modes import chosen_mode, settings_of

application = import_module(settings_of(chosen_mode()))
globals().update(vars(application))

INSTALLED_APPS = [*application.INSTALLED_APPS, "tests.bank"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Some tests carry out commands in this process, beside servers whose workers deliver. And once a
# test has begun to trace, all of a process is traced: those that want it say so.
AROUND_COMMANDS = ["cqrs_example.inspection.refusals.kept"]
AROUND_HANDLERS = AROUND_DELIVERIES = list[str]()
