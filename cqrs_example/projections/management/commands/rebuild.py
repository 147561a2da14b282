import signal
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ...rebuild import rebuild
from ...runs import carry_out, known


class Command(BaseCommand):
    help = (
        "Rebuild read models from the log while the application runs. If many rows differ, they are"
        " repaired in parts, with commands in between; if that is interrupted, run it again."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        """A pipe that closes, as with `| head`, ends this quietly, as it does with other tools."""
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        super().run_from_argv(argv)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="as in settings.PROJECTIONS")
        parser.add_argument("--all", action="store_true", help="all of them, one after the other")

    def handle(self, *args: Any, **options: Any) -> None:
        names = known(list(settings.PROJECTIONS) if options["all"] else options["names"])
        if not names:
            there = ", ".join(settings.PROJECTIONS)
            raise CommandError(f"Say which projections to rebuild, or --all. There are: {there}.")
        carry_out("rebuild", [(name, partial(rebuild, name)) for name in names], self.stdout)
