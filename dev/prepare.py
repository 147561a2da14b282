"""Tables and the first administrator, in one process: starting Django twice takes a second more."""

import sys
from io import StringIO

import django
from django.core.management import CommandError, call_command

from dev.failure import exit_with_sentence


def main() -> int:
    django.setup()
    call_command("migrate", verbosity=0)
    _switch_if_empty()
    try:
        call_command("create_first_admin")
    except CommandError as error:
        print(error, file=sys.stderr)  # an administrator of another name can be made at any time
    return 0


def _switch_if_empty() -> None:
    """On a log with events somebody must have stopped the servers first."""
    from cqrs_example.eventstore.models import StoredEvent
    from cqrs_example.subscriptions.switching import differences

    if differences() and not StoredEvent.objects.exists():
        call_command("subscriptions", "switch", stdout=StringIO())


if __name__ == "__main__":
    exit_with_sentence(main)
