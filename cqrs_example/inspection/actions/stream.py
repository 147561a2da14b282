"""`events stream`."""

from argparse import ArgumentParser
from itertools import chain
from typing import Any

from django.core.management.base import CommandError

from ..arguments import add_filters, filter_of
from ..as_scenario import stream_as_scenario
from ..following import of_stream
from ..output import Output, readable
from ..visible import on_one_line

HELP = "a stream from its beginning"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument("--as-python", action="store_true", help="as code of a test's given events")
    add_filters(parser)


def run(output: Output, options: dict[str, Any]) -> None:
    name = options["name"]
    filter_ = filter_of(options, name)
    events = of_stream(name)
    if (first := next(events, None)) is None:
        raise CommandError(f"There is no stream {on_one_line(name)!r}.")
    chosen = filter(filter_.lets_through, chain([first], events))
    if options["as_python"]:
        output.text(stream_as_scenario(name, map(readable, chosen)))
        return
    for event in chosen:
        output.event(event)
