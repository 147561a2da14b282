"""The application in a mode, but passwords cost nothing: else each login takes half a second."""

from importlib import import_module

from dev.modes import chosen_mode, settings_of

globals().update(vars(import_module(settings_of(chosen_mode()))))

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
