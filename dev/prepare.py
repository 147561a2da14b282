"""Tables and the first administrator, in one process: starting Django twice takes a second more.

It comes up before the database does, and waits on standard input: for the URL of the embedded
Postgres, or for an end without one, where the settings have the URL.
"""

import os
import sys
from io import StringIO

import django
from django.conf import settings
from django.core.management import CommandError, call_command

from cqrs_example.settings.environment import database
from dev.failure import exit_with_sentence


def main() -> int:
    try:
        _prepare()
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _prepare() -> None:
    django.setup()
    if url := sys.stdin.read():
        default = settings.DATABASES["default"]
        default |= database(url, default["ENGINE"])
    call_command("migrate", verbosity=0)
    _switch_if_empty()
    if "CHECKED_BY" in os.environ:  # the server does not ask the same again: see gunicorn.conf.py
        call_command("check", databases=["default"], stdout=StringIO())
    try:
        call_command("create_first_admin")
    except CommandError as error:
        print(error, file=sys.stderr)  # an administrator of another name can be made at any time


def _switch_if_empty() -> None:
    """On a log with events somebody must have stopped the servers first."""
    from cqrs_example.eventstore.models import StoredEvent
    from cqrs_example.subscriptions.switching import differences

    if differences() and not StoredEvent.objects.exists():
        call_command("subscriptions", "switch", stdout=StringIO())


if __name__ == "__main__":
    exit_with_sentence(main)
