"""`events trace`."""

from argparse import ArgumentParser
from itertools import islice
from typing import Any

from django.core.management.base import CommandError

from ...eventstore import RecordedEvent
from ..arguments import uuid
from ..as_json import as_json
from ..as_line import as_line
from ..as_scenario import as_scenario
from ..following import of_stream
from ..output import Output, readable
from ..tracing import Step, trace
from ..visible import on_one_line

HELP = "commands and events with a correlation id, as a tree"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("correlation_id", type=uuid)
    parser.add_argument("-n", type=int, default=200, metavar="COUNT", help="at most (default: 200)")
    help_of_as_python = "as code of a test, with the earlier events of its streams"
    parser.add_argument("--as-python", action="store_true", help=help_of_as_python)


def run(output: Output, options: dict[str, Any]) -> None:
    most = max(options["n"], 1)
    steps = trace(options["correlation_id"], limit=most + 1)
    if not steps:
        raise CommandError(f"No event has the correlation id {options['correlation_id']}.")
    if options["as_python"]:
        output.text(_scenario([step.event for step in steps if step.event][:most]))
        return
    events = 0
    for step in steps:
        events += step.event is not None
        if events > most:
            output.warning(f"There are more than {most:,}: -n says how many to show.")
            return
        _print(output, step)


def _print(output: Output, step: Step) -> None:
    if output.json:
        place = {"depth": step.depth, "kind": step.kind, "name": step.name}
        output.value({**place, "event": step.event and as_json(step.event)})
        return
    command = f"{step.kind} {on_one_line(step.name)}"
    text = as_line(step.event, output.colours) if step.event else command
    output.line("  " * step.depth + text)


def _scenario(events: list[RecordedEvent[Any]]) -> str:
    events = sorted(map(readable, events), key=lambda event: event.position)
    first = {event.stream: event.version for event in reversed(events)}
    before = {
        name: list(map(readable, islice(of_stream(name), version - 1)))
        for name, version in reversed(first.items())
    }
    return as_scenario(events, before)
