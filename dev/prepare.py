"""Tables and the first administrator, in one process: starting Django twice takes a second more."""

import sys

import django
from django.core.management import CommandError, call_command

from dev.failure import exit_with_sentence


def main() -> int:
    django.setup()
    call_command("migrate", verbosity=0)
    try:
        call_command("create_first_admin")
    except CommandError as error:
        print(error, file=sys.stderr)  # an administrator of another name can be made at any time
    return 0


if __name__ == "__main__":
    exit_with_sentence(main)
