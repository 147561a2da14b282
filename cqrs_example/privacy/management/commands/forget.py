from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ....messaging import Context
from ...forgetting import forget
from ...readers import readers


class Command(BaseCommand):
    help = (
        "Forget persons: delete their keys, so that their texts in the log are read as 'erased',"
        " and record PersonForgotten, so that read models erase their texts too. Only an old"
        " backup can bring the texts back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", nargs="+", help="the id under which data were sealed")

    def handle(self, *args: Any, **options: Any) -> None:
        for person in options["person"]:
            try:
                new = forget(person, Context(actor="manage.py forget"))
            except LookupError as error:
                raise CommandError(error.args[0]) from error
            self.stdout.write(f"{person} {'is forgotten' if new else 'was forgotten before'}.")
        if deaf := [name for name, hears in readers() if not hears]:
            names = " ".join(deaf)
            self.stdout.write(
                "These read models do not hear PersonForgotten and still have the clear text: run"
                f" manage.py rebuild {names}."
            )
