import signal
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ...runs import carry_out, known
from ...verify import verify_projection
from ...verify_log import verify_log


class Command(BaseCommand):
    help = (
        "Prove that read models are what the log says; without a name all of them, the log itself"
        " and settings.INVARIANTS. Locks nothing and changes nothing. Exit status 1 if not so."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        """A pipe that closes, as with `| head`, ends this quietly, as it does with other tools."""
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        super().run_from_argv(argv)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="as in settings.PROJECTIONS")

    def handle(self, *args: Any, **options: Any) -> None:
        names = known(options["names"])
        jobs = [(one, partial(verify_projection, one)) for one in names or settings.PROJECTIONS]
        carry_out("verify", jobs if names else [("", verify_log), *jobs], self.stdout)
