"""`manage.py events`: the log on the command line."""

import json
import os
import signal
import sys
import time
from argparse import SUPPRESS, ArgumentParser
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import (
    DatabaseError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    connection,
)

from ....eventstore import RecordedEvent
from ....operations.waiting import settled_and_told
from ... import refusals, statistics
from ...arguments import add_filters, add_search, event_of, filter_of, search_of, uuid
from ...as_json import as_json
from ...as_line import as_line, change_as_lines
from ...as_scenario import as_scenario, stream_as_scenario
from ...changing import CannotTell, changes_by
from ...following import after, found, newest, of_stream
from ...looking import Unreadable
from ...tracing import trace
from ...visible import on_one_line, pretty
from ...who_hears import who_hears

EVERY = 0.5  # seconds between two looks for new events


class Command(BaseCommand):
    help = (
        "Show the log: its end (tail), a search (find), one event (show), one stream (stream),"
        " everything that one request caused (trace), how many events there are (stats), which"
        " handlers hear which event (who-hears), which commands were refused (refused)."
        " Times are UTC unless they name a zone."
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
        tail.add_argument("-f", "--follow", action="store_true", help="go on with new events")
        tail.add_argument(
            "--stream", default="", help="of this stream; account-*: of all whose names begin so"
        )
        add_filters(tail)
        add_search(self._action(actions, "find", "the newest events that match all words"))
        show = self._action(actions, "show", "one event with all that is recorded of it")
        show.add_argument("event", metavar="ID|#POSITION")
        changed = self._action(actions, "changed", "which rows of read models an event changed")
        changed.add_argument("event", metavar="ID|#POSITION")
        stream = self._action(actions, "stream", "a stream from its beginning")
        stream.add_argument("name")
        stream.add_argument(
            "--as-python", action="store_true", help="as the given events of a test"
        )
        add_filters(stream)
        traced = self._action(
            actions, "trace", "commands and events with a correlation id, as a tree"
        )
        traced.add_argument("correlation_id", type=uuid)
        traced.add_argument("-n", type=int, default=200, metavar="COUNT", help="at most (200)")
        traced.add_argument(
            "--as-python", action="store_true", help="as a test, with what was before"
        )
        self._action(actions, "stats", "how much there is, by the planner's estimates")
        refused = self._action(actions, "refused", "the last commands that were refused or failed")
        refused.add_argument("of", nargs="?", default="", metavar="COMMAND|ACTOR|ID|failed")
        refused.add_argument("-n", type=int, default=20, metavar="COUNT", help="how many (20)")
        hears = "each event: its streams, what records it, what hears it; needs no database"
        self._action(actions, "who-hears", hears)

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
            getattr(self, options["action"].replace("-", "_"))(options)
        except NotSupportedError as error:  # as on a standby
            raise CommandError(str(error)) from None
        except (DatabaseError, InterfaceError) as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"The database did not answer: {reason}") from None

    def tail(self, options: dict[str, Any]) -> None:
        wanted = filter_of(options, options["stream"])
        settled = settled_and_told("events tail")
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
                reason = " ".join(str(error).split())
                self.stderr.write(f"The database did not answer, trying again: {reason}")
                connection.close()

    def find(self, options: dict[str, Any]) -> None:
        events = found(search_of(options), max(options["n"], 1))
        if not events:
            raise CommandError("There are no such events.")
        for event in events:
            self._say(event, options)

    def show(self, options: dict[str, Any]) -> None:
        event = event_of(options["event"])
        if options["json"]:
            self._say(event, options)
            return
        self.stdout.write(as_line(event, self.colours))
        self.stdout.write(pretty(as_json(event)))

    def changed(self, options: dict[str, Any]) -> None:
        try:
            changes = changes_by(event_of(options["event"]))
        except CannotTell as error:
            raise CommandError(on_one_line(error)) from None
        for change in changes:
            if options["json"]:
                self._write(vars(change))
            else:
                self.stdout.write("\n".join(change_as_lines(change)))
        if not changes and not options["json"]:
            self.stdout.write("It changed no row.")

    def stream(self, options: dict[str, Any]) -> None:
        name = options["name"]
        wanted = filter_of(options, name)
        events = of_stream(name)
        if (first := next(events, None)) is None:
            raise CommandError(f"There is no stream {on_one_line(name)!r}.")
        events = (event for part in ([first], events) for event in part)
        chosen = (event for event in events if wanted.lets_through(event))
        if options["as_python"]:
            self.stdout.write(stream_as_scenario(name, map(_readable, chosen)), ending="")
            return
        for event in chosen:
            self._say(event, options)

    def trace(self, options: dict[str, Any]) -> None:
        most = max(options["n"], 1)
        steps = trace(options["correlation_id"], limit=most + 1)
        if not steps:
            raise CommandError(f"No event has the correlation id {options['correlation_id']}.")
        if options["as_python"]:
            self._write_scenario([step.event for step in steps if step.event][:most])
            return
        events = 0
        for step in steps:
            events += step.event is not None
            if events > most:
                self.stderr.write(f"There are more than {most:,}: -n says how many to show.")
                return
            place = {"depth": step.depth, "kind": step.kind, "name": step.name}
            if options["json"]:
                self._write({**place, "event": step.event and as_json(step.event)})
            else:
                text = (
                    as_line(step.event, self.colours)
                    if step.event
                    else f"{step.kind} {on_one_line(step.name)}"
                )
                self.stdout.write("  " * step.depth + text)

    def _write_scenario(self, events: list[RecordedEvent[Any]]) -> None:
        events = sorted(map(_readable, events), key=lambda event: event.position)
        first = {event.stream: event.version for event in reversed(events)}
        before = {
            name: list(map(_readable, islice(of_stream(name), version - 1)))
            for name, version in reversed(first.items())
        }
        self.stdout.write(as_scenario(events, before), ending="")

    def stats(self, options: dict[str, Any]) -> None:
        facts = statistics.facts()
        types, source = statistics.events_per_type()
        if options["json"]:
            told = {"events_per_type": dict(types), "events_per_type_are": source}
            self._write({**vars(facts), **told})
            return
        self.stdout.write(f"last position   {facts.last_position or 0:,}")
        self.stdout.write(f"size of the log {facts.log_bytes / 2**20:,.1f} MB")
        self.stdout.write(f"connections     {facts.connections:,} of {facts.most_connections:,}")
        self.stdout.write(f"events by type, {statistics.SOURCES[source]}:")
        for name, count in types or [("nothing is in the log yet", 0)]:
            self.stdout.write(f"  {count:>13,}  {on_one_line(name)}")

    def refused(self, options: dict[str, Any]) -> None:
        rows = refusals.listed(options["of"], backwards=True, limit=max(options["n"], 1))
        for row in reversed(rows):
            if options["json"]:
                names = [field.name for field in row._meta.fields[1:]]
                self._write({name: getattr(row, name) for name in names})
                continue
            fields = json.dumps(row.fields, ensure_ascii=False)
            words = [f"{row.at:%Y-%m-%d %H:%M:%S}", row.actor, str(row.correlation_id)]
            said = f"{row.command} {fields} {row.kind}: {row.reason}"
            self.stdout.write("  ".join(map(on_one_line, [*words, said])))
        for (command, kind), many in refusals.last_day().items() if not options["json"] else ():
            self.stdout.write(f"in the last 24 hours {kind}: {many:,} {on_one_line(command)}")

    def who_hears(self, options: dict[str, Any]) -> None:
        for audience in who_hears():
            if options["json"]:
                self._write(vars(audience))
                continue
            self.stdout.write(on_one_line(audience.event))
            for name, values in list(vars(audience).items())[1:]:
                self.stdout.write(f"  {name.replace('_', ' '):<12} {', '.join(values) or '-'}")

    def _say(self, event: RecordedEvent[Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self._write(as_json(event))
        else:
            self.stdout.write(as_line(event, self.colours))
        self.stdout.flush()

    def _write(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, default=str))


def _readable(event: RecordedEvent[Any]) -> RecordedEvent[Any]:
    if isinstance(event.data, Unreadable):
        raise CommandError(on_one_line(event.data))
    return event
