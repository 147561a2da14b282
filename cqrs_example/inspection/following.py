"""The end of the log, and what comes after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..eventstore import RecordedEvent
from ..eventstore.log import BATCH, WHOLE_LOG
from ..eventstore.recorded import SELECT
from ..operations.waiting import settled_and_told
from .finding import Search, Walk, fetch, plan, walked_to
from .looking import look
from .moments import positions_between
from .words import Condition, begins

WITHIN = SELECT + "WHERE stream = %s AND version > %s ORDER BY version LIMIT %s"


@dataclass(frozen=True)
class Filter:
    """Which events are wanted: of a type, of a stream (or `account-*`), recorded between times."""

    type: str = ""
    stream: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def lets_through(self, event: RecordedEvent[Any]) -> bool:
        """The same as `conditions`, for an event that has been read."""
        return (
            self.type in ("", event.type)
            and self._is_of_stream(event.stream)
            and (self.since is None or event.recorded_at >= self.since)
            and (self.until is None or event.recorded_at < self.until)
        )

    def _is_of_stream(self, name: str) -> bool:
        if self.stream.endswith("*"):
            return name.startswith(self.stream[:-1])
        return self.stream in ("", name)

    def conditions(self) -> list[Condition]:
        """For SQL; the type is missing, because `Walk` has it."""
        found: list[Condition] = []
        if self.stream.endswith("*"):
            found.append(begins(self.stream[:-1]))
        elif self.stream:
            found.append(("stream = %s", [self.stream]))
        if self.since:
            found.append(("recorded_at >= %s", [self.since]))
        if self.until:
            found.append(("recorded_at < %s", [self.until]))
        return found


def newest(wanted: Filter, count: int, settled: int) -> list[RecordedEvent[Any]]:
    """The last events up to a settled position that are wanted, oldest first."""
    low, high, _ = positions_between(wanted.since, wanted.until)
    walk = Walk(low, min(high, settled + 1), wanted.type, conditions=wanted.conditions())
    return _walked_back(walk, count)


def found(search: Search, count: int) -> list[RecordedEvent[Any]]:
    """The last events that somebody looks for, oldest first; however far back they are."""
    return _walked_back(plan(search), count)


def _walked_back(walk: Walk, count: int) -> list[RecordedEvent[Any]]:
    events: list[RecordedEvent[Any]] = []
    before: int | None = walk.high
    while before is not None and len(events) < count:
        events += fetch(walk, before=before, backwards=True, limit=count - len(events))
        before = walked_to(walk, before=before, backwards=True)
    return events[::-1]


def after(position: int) -> Iterator[RecordedEvent[Any]]:
    """All events after a position that are settled now; those that the code cannot read too."""
    settled = settled_and_told("events tail")
    while events := look(WHOLE_LOG, [position, settled, BATCH]):
        yield from events
        position = events[-1].position


def of_stream(name: str) -> Iterator[RecordedEvent[Any]]:
    """The events of a stream, oldest first; those that the code cannot read too."""
    version = 0
    while events := look(WITHIN, [name, version, BATCH]):
        yield from events
        version = events[-1].version
