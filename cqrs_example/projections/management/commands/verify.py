import re
import signal
from argparse import ArgumentParser, ArgumentTypeError
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ...runs import carry_out, known
from ...verify import verify_projection
from ...verify_log import verify_log


def digest(value: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{64}", value):
        raise ArgumentTypeError(
            f"{value!r} is no digest: give the 64 hexadecimal digits that seal_log printed."
        )
    return value.lower()


class Command(BaseCommand):
    help = (
        "Compare read models with the log; without a name all of them, and check the log itself and"
        " settings.INVARIANTS. Locks nothing, changes nothing. Exit status 1: something is wrong."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        """A pipe that closes, as with `| head`, ends this quietly, as it does with other tools."""
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        super().run_from_argv(argv)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="as in settings.PROJECTIONS")
        explanation = "a digest that seal_log has printed: a seal must have it"
        parser.add_argument("--expect", type=digest, metavar="DIGEST", help=explanation)

    def handle(self, *args: Any, **options: Any) -> None:
        names = known(options["names"])
        if names and options["expect"]:
            raise CommandError("--expect is about the log: give it without names of projections.")
        jobs = [(name, partial(verify_projection, name)) for name in names or settings.PROJECTIONS]
        log = partial(verify_log, expected=options["expect"])
        carry_out("verify", jobs if names else [("", log), *jobs], self.stdout)
