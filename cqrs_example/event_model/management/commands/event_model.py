from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...example import CannotCarryOut, Values, carried_out
from ...model import event_model
from ...svg import as_svg
from ...texts import as_json, as_mermaid, as_text


@dataclass(frozen=True)
class Documented:
    """The contents of the boxes in a document: the fields, or the values of an example.

    `prefix` stands before the path of each file that a box leads to.
    """

    prefix: str
    values: Values

    def lines(self, kind: str, name: str, fields: Sequence[str]) -> Sequence[str]:
        return self.values.get((kind, name)) or [", ".join(fields)]

    def link(self, kind: str, name: str, code: str) -> str:
        return self.prefix + code


class Command(BaseCommand):
    help = (
        "Print the event model of the application: commands, events, read models, policies, and"
        " their addresses. Only --example needs a database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print it as one JSON object")
        form.add_argument("--mermaid", action="store_true", help="print it as a Mermaid flowchart")
        form.add_argument("--svg", action="store_true", help="print it as a picture")
        parser.add_argument(
            "--across", type=int, default=4, help="columns in a row of the picture (default: 4)"
        )
        parser.add_argument(
            "--links",
            default="../",
            metavar="PREFIX",
            help="what the picture's links to files begin with (default: ../)",
        )
        parser.add_argument(
            "--example",
            type=Path,
            metavar="SCRIPT",
            help="with --svg: carry out the commands in this file, in a database without events,"
            " show their values in the picture, and roll all of it back",
        )
        parser.add_argument("--title", default="The event model", help="title of the picture")
        parser.add_argument(
            "--check", type=Path, metavar="FILE", help="do not print it, but fail if FILE differs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["across"] < 1:
            raise CommandError("--across must be 1 or more.", returncode=2)
        try:
            drawing = self._drawing(options)
        except CannotCarryOut as error:
            raise CommandError(str(error)) from error
        if not options["check"]:
            self.stdout.write(drawing, ending="")
            return
        try:
            file_text = options["check"].read_text()
        except OSError as error:
            raise CommandError(f"{options['check']} cannot be read: {error.strerror}.") from None
        if file_text != drawing:
            raise CommandError(
                f"{options['check']} is not the event model of the code any more: write it again"
                " with the same command without --check."
            )
        self.stdout.write(f"{options['check']} is the event model of the code.")

    def _drawing(self, options: dict[str, Any]) -> str:
        model = event_model()
        if options["json"]:
            return as_json(model)
        if options["mermaid"]:
            return as_mermaid(model)
        if options["svg"]:
            values: Values = carried_out(options["example"]) if options["example"] else {}
            details = Documented(options["links"], values)
            return as_svg(model, details, options["title"], options["across"])
        return as_text(model)
