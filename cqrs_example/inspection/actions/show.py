"""`events show`."""

from argparse import ArgumentParser
from typing import Any

from ..arguments import event_of
from ..as_json import as_json
from ..output import Output
from ..visible import pretty

HELP = "one event with all its columns"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("event", metavar="ID|#POSITION")


def run(output: Output, options: dict[str, Any]) -> None:
    event = event_of(options["event"])
    output.event(event)
    if not output.json:
        output.line(pretty(as_json(event)))
