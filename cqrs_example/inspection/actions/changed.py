"""`events changed`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from ..arguments import event_of
from ..as_line import change_as_lines
from ..changing import CannotTell, changes_by
from ..output import Output
from ..visible import on_one_line

HELP = "the rows of read models that an event changed"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("event", metavar="ID|#POSITION")


def run(output: Output, options: dict[str, Any]) -> None:
    try:
        changes = changes_by(event_of(options["event"]))
    except CannotTell as error:
        raise CommandError(on_one_line(error)) from None
    for change in changes:
        if output.json:
            output.value(vars(change))
        else:
            output.line("\n".join(change_as_lines(change)))
    if not changes and not output.json:
        output.line("It changed no row.")
