"""`manage.py events`: the log on the command line."""

import json
import os
import re
import signal
import sys
import time
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils.termcolors import make_style

from ....eventstore import RecordedEvent, settled_position
from ....eventstore.recorded import SELECT
from ... import statistics
from ...as_json import as_json
from ...as_python import as_python
from ...finding import event_types, position
from ...following import Filter, after, newest, of_stream
from ...looking import Unreadable, look
from ...tracing import trace
from ...visible import on_one_line, pretty

EVERY = 0.5  # seconds between two looks for new events
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
PAINT = {
    "position": make_style(fg="yellow"),
    "type": make_style(fg="cyan"),
    "stream": make_style(fg="green"),
    "problem": make_style(fg="red", opts=("bold",)),
}
MAY_BE = "WHERE id = %s OR correlation_id = %s OR causation_id = %s LIMIT 1"


class Command(BaseCommand):
    help = (
        "Look at the log: its end (tail), one event (show), one stream (stream), what one request"
        " set in motion (trace), how much there is (stats). Times are UTC unless they name a zone."
        " Exit status: 0, 1 if there is no such thing, 2 for wrong arguments."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        """A pipe that closes, or Ctrl-C, ends this quietly, as it does with other tools."""
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        try:
            super().run_from_argv(argv)
        except KeyboardInterrupt:
            sys.exit(130)

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        tail = self._action(actions, "tail", "the last events, oldest first")
        tail.add_argument("-n", type=int, default=20, metavar="COUNT", help="how many (20)")
        tail.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
        tail.add_argument(
            "--stream", default="", help="of this stream; product-*: all that begin so"
        )
        _add_filters(tail)
        show = self._action(actions, "show", "one event with all that is known of it")
        show.add_argument("event", metavar="ID|#POSITION")
        stream = self._action(actions, "stream", "a stream from its beginning")
        stream.add_argument("name")
        stream.add_argument(
            "--as-python", action="store_true", help="as the list of given events of a test"
        )
        _add_filters(stream)
        traced = self._action(
            actions, "trace", "commands and events with a correlation id, as a tree"
        )
        traced.add_argument("correlation_id", type=_uuid)
        traced.add_argument("-n", type=int, default=200, metavar="COUNT", help="at most (200)")
        self._action(actions, "stats", "how much there is, by the planner's estimates")

    def _action(self, actions: Any, name: str, help: str) -> ArgumentParser:
        parser: ArgumentParser = actions.add_parser(name, help=help, description=help)
        parser.add_argument("--json", action="store_true", help="JSON, one object on each line")
        for option in ("--no-color", "--force-color"):
            parser.add_argument(option, action="store_true", default=SUPPRESS, help=SUPPRESS)
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["force_color"] or (self.stdout.isatty() and not os.environ.get("NO_COLOR"))
        self.colours = wanted and not options["no_color"]
        try:
            getattr(self, options["action"])(options)
        except (DatabaseError, InterfaceError) as error:
            told = " ".join(str(error).split())
            raise CommandError(f"The database did not answer: {told}") from None

    def tail(self, options: dict[str, Any]) -> None:
        wanted = _filter(options, options["stream"])
        settled = settled_position()
        for event in newest(wanted, max(options["n"], 0), settled):
            self._say(event, options)
        while options["follow"]:
            time.sleep(EVERY)
            try:
                for event in after(settled):
                    settled = event.position
                    if wanted.lets_through(event):
                        self._say(event, options)
            except (OperationalError, InterfaceError) as error:
                told = " ".join(str(error).split())
                self.stderr.write(f"The database did not answer, trying again: {told}")
                connection.close()

    def show(self, options: dict[str, Any]) -> None:
        event = _event(options["event"])
        if options["json"]:
            self._say(event, options)
            return
        self.stdout.write(self._line(event))
        self.stdout.write(pretty(as_json(event)))

    def stream(self, options: dict[str, Any]) -> None:
        name = options["name"]
        wanted = _filter(options, name)
        events = of_stream(name)
        if (first := next(events, None)) is None:
            raise CommandError(f"There is no stream {on_one_line(name)!r}.")
        events = (event for part in ([first], events) for event in part)
        chosen = (event for event in events if wanted.lets_through(event))
        if options["as_python"]:
            self.stdout.write(as_python(map(_readable, chosen)), ending="")
            return
        for event in chosen:
            self._say(event, options)

    def trace(self, options: dict[str, Any]) -> None:
        most = max(options["n"], 1)
        steps = trace(options["correlation_id"], limit=most + 1)
        if not steps:
            raise CommandError(f"No event has the correlation id {options['correlation_id']}.")
        events = 0
        for step in steps:
            events += step.event is not None
            if events > most:
                self.stderr.write(f"There are more than {most:,}: -n says how many to show.")
                return
            told = {"depth": step.depth, "kind": step.kind, "name": step.name}
            if options["json"]:
                self._write({**told, "event": step.event and as_json(step.event)})
            else:
                text = (
                    self._line(step.event)
                    if step.event
                    else f"{step.kind} {on_one_line(step.name)}"
                )
                self.stdout.write("  " * step.depth + text)

    def stats(self, options: dict[str, Any]) -> None:
        facts = statistics.facts()
        estimates = dict(statistics.events_per_type())
        if options["json"]:
            self._write({**vars(facts), "estimated_events_per_type": estimates})
            return
        self.stdout.write(f"last position   {facts.last_position or 0:,}")
        self.stdout.write(f"size of the log {facts.log_bytes / 2**20:,.1f} MB")
        self.stdout.write(f"connections     {facts.connections:,} of {facts.most_connections:,}")
        self.stdout.write(
            "events by type, as the planner estimates (ANALYZE brings it up to date):"
        )
        for name, count in estimates.items() or {"nothing is known yet": 0}.items():
            self.stdout.write(f"  {count:>13,}  {on_one_line(name)}")

    def _say(self, event: RecordedEvent, options: dict[str, Any]) -> None:
        if options["json"]:
            self._write(as_json(event))
        else:
            self.stdout.write(self._line(event))
        self.stdout.flush()

    def _write(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, default=str))

    def _line(self, event: RecordedEvent) -> str:
        stream = f"{on_one_line(event.stream)}@{event.version}"
        parts = [
            self._paint("position", f"#{event.position}"),
            f"{event.recorded_at:%Y-%m-%d %H:%M:%S}",
            self._paint("stream", stream),
            self._paint("type", on_one_line(event.type.rpartition(".")[2])),
            on_one_line(event.data),
        ]
        if isinstance(event.data, Unreadable):
            parts[-1] = self._paint("problem", parts[-1])
        return "  ".join(parts)

    def _paint(self, what: str, text: str) -> str:
        return PAINT[what](text) if self.colours else text


def _add_filters(parser: ArgumentParser) -> None:
    parser.add_argument("--type", type=_type, help="its whole name or its last part")
    when = "recorded from then on: 2026-01-31, 2026-01-31T14:30, or 2h, 7d ago"
    parser.add_argument("--since", type=_moment, help=when)
    parser.add_argument("--until", type=_moment, help="recorded before then")


def _filter(options: dict[str, Any], stream: str) -> Filter:
    return Filter(options["type"] or "", stream, options["since"], options["until"])


def _type(text: str) -> str:
    known = event_types()
    found = [one for one in known if text in (one, one.rpartition(".")[2])]
    if len(found) != 1:
        raise ArgumentTypeError(f"{text!r} is no type of event; there are: {', '.join(known)}")
    return found[0]


def _moment(text: str) -> datetime:
    """A time in ISO 8601, UTC if it names no zone; or so long ago: 90s, 30m, 2h, 7d, 1w."""
    try:
        if ago := re.fullmatch(r"([0-9]{1,6})([smhdw])", text):
            return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "a time such as 2026-01-31T14:30, or one such as 2h or 7d ago"
        raise ArgumentTypeError(f"must be {example}, not {text!r:.40}") from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        example = "4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90"
        raise ArgumentTypeError(f"must be a UUID such as {example}, not {text!r:.60}") from None


def _event(text: str) -> RecordedEvent:
    """The event with this id, or at this position; `CommandError` if there is none."""
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit():
        found = _found("WHERE position = %s", position(number))
    else:
        found = _found("WHERE id = %s", _id(text))
    if found:
        return found[0]
    if not number.isdigit() and (known := _found(MAY_BE, *[_id(text)] * 3)):
        raise CommandError(
            f"{text} is the id of no event, but stands in others:"
            f" manage.py events trace {known[0].correlation_id}"
        )
    raise CommandError(f"There is no event {on_one_line(text)}.")


def _id(text: str) -> UUID:
    try:
        return _uuid(text)
    except ArgumentTypeError as error:
        raise CommandError(f"An event {error}; or #12, its position.", returncode=2) from None


def _found(where: str, *parameters: Any) -> list[RecordedEvent]:
    return look(f"{SELECT} {where}", parameters)


def _readable(event: RecordedEvent) -> RecordedEvent:
    if isinstance(event.data, Unreadable):
        raise CommandError(on_one_line(event.data))
    return event
