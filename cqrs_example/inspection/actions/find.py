"""`events find`."""

from typing import Any

from django.core.management.base import CommandError

from ..arguments import add_search as add_arguments
from ..arguments import search_of
from ..following import found
from ..output import Output

__all__ = ["HELP", "add_arguments", "run"]

HELP = "the newest events that match all words"


def run(output: Output, options: dict[str, Any]) -> None:
    events = found(search_of(options), max(options["n"], 1))
    if not events:
        raise CommandError("There are no such events.")
    for event in events:
        output.event(event)
