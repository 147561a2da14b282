"""`manage.py events`: the log on the command line."""

import os
import signal
import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, NotSupportedError

from ...actions import ACTIONS
from ...output import Output


class Command(BaseCommand):
    help = (
        "Show the log: its end (tail), a search (find), one event (show), the rows that an event"
        " changed (changed), one stream (stream), everything that one request caused (trace), how"
        " many events there are (stats), which handlers hear which event (who-hears), which"
        " commands were refused (refused). Times are UTC unless they name a zone."
        " Exit status: 0; 1 if there is no such thing; 2 for wrong arguments."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        """Run, and end without a traceback when the pipe closes or somebody types Ctrl-C."""
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        try:
            super().run_from_argv(argv)
        except KeyboardInterrupt:
            sys.exit(130)

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for name, action in ACTIONS.items():
            own: ArgumentParser = actions.add_parser(
                name, help=action.HELP, description=action.HELP
            )
            own.add_argument("--json", action="store_true", help="JSON, one object on each line")
            for option in ("--no-color", "--force-color"):
                own.add_argument(option, action="store_true", default=SUPPRESS, help=SUPPRESS)
            if hasattr(action, "add_arguments"):
                action.add_arguments(own)

    def handle(self, *args: Any, **options: Any) -> None:
        terminal = self.stdout.isatty() and not os.environ.get("NO_COLOR")
        colours = (options["force_color"] or terminal) and not options["no_color"]
        output = Output(self.stdout, self.stderr, options["json"], colours)
        try:
            ACTIONS[options["action"]].run(output, options)
        except NotSupportedError as error:  # on a standby, which cannot say what is settled
            raise CommandError(str(error)) from None
        except (DatabaseError, InterfaceError) as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"The database did not answer: {reason}") from None
