"""The last events of the log, and the events that are recorded after them."""

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
    """Events of a type, of a stream (or of all, as in `account-*`), recorded between two times.

    An empty text and None stand for no limit; `until` itself is excluded.
    """

    type: str = ""
    stream: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def lets_through(self, event: RecordedEvent[Any]) -> bool:
        """Whether the filter lets an event through that has been read: as `conditions` in SQL."""
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
        """The filter as SQL, without the type, which `Walk` has itself."""
        conditions: list[Condition] = []
        if self.stream.endswith("*"):
            conditions.append(begins(self.stream[:-1]))
        elif self.stream:
            conditions.append(("stream = %s", [self.stream]))
        if self.since:
            conditions.append(("recorded_at >= %s", [self.since]))
        if self.until:
            conditions.append(("recorded_at < %s", [self.until]))
        return conditions


def newest(chosen: Filter, count: int, settled: int) -> list[RecordedEvent[Any]]:
    """The last events up to a settled position that the filter lets through, oldest first."""
    low, high, _ = positions_between(chosen.since, chosen.until)
    walk = Walk(low, min(high, settled + 1), chosen.type, conditions=chosen.conditions())
    return _walked_back(walk, count)


def found(search: Search, count: int) -> list[RecordedEvent[Any]]:
    """The last events of a search, oldest first, however far back in the log they are."""
    return _walked_back(plan(search), count)


def _walked_back(walk: Walk, count: int) -> list[RecordedEvent[Any]]:
    events: list[RecordedEvent[Any]] = []
    before: int | None = walk.high
    while before is not None and len(events) < count:
        events += fetch(walk, before=before, backwards=True, limit=count - len(events))
        before = walked_to(walk, before=before, backwards=True)
    return events[::-1]


def after(position: int) -> Iterator[RecordedEvent[Any]]:
    """All events after a position that are settled by now, even those that the code cannot read."""
    settled = settled_and_told("events tail")
    while events := look(WHOLE_LOG, [position, settled, BATCH]):
        yield from events
        position = events[-1].position


def of_stream(name: str) -> Iterator[RecordedEvent[Any]]:
    """The events of a stream, oldest first, even those that the code cannot read."""
    version = 0
    while events := look(WITHIN, [name, version, BATCH]):
        yield from events
        version = events[-1].version
