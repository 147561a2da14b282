import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError

from ...started import carry_out_run


class Command(BaseCommand):
    help = (
        "Carry out a run that a page has started, and keep its row up to date. The page starts this"
        " command; by hand use `rebuild` and `verify`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="of the row in projections.Run")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            carry_out_run(options["id"])
        except (DatabaseError, InterfaceError) as error:
            raise CommandError(str(error)) from error
