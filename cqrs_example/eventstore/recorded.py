"""An event as the log holds it, and the name of the stream that it is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection

from .codecs import mapping_from_jsonb
from .contracts import Event
from .readable import data_of, moment

E = TypeVar("E", bound=Event)
E_co = TypeVar("E_co", bound=Event, covariant=True)
T = TypeVar("T")

# What `RecordedEvent` reads: as text, because loading all of it takes longer than all the rest.
COLUMNS = """
    position, id::text, stream, version, type, schema_version, data,
    correlation_id::text, causation_id::text, metadata, recorded_at::text, occurred_at::text
"""
SELECT = f"SELECT {COLUMNS} FROM eventstore_event "  # noqa: S608 (no input in it)


class StreamName(str, Generic[E]):
    """The name of a stream, a text, that tells the type checker which events the stream holds:

    def account_stream(number: str) -> StreamName[Opened | Deposited | Withdrawn]:
        return StreamName(f"account-{number}")
    """

    __slots__ = ()


class Column(Generic[T]):
    """A column of an event's row, read when it is asked for: a replay has many rows, and a
    projection looks at few columns."""

    def __init__(self, number: int, read: Callable[[Any], T]) -> None:
        self.number, self.read = number, read

    def __get__(self, event: RecordedEvent[Event] | None, owner: object) -> T:
        # Of the class itself, as `help()` asks, it is the column.
        return self if event is None else self.read(event.row[self.number])  # type: ignore[return-value]


@dataclass(slots=True, eq=False)
class RecordedEvent(Generic[E_co]):
    """An event with its place in the log.

    position        its number in the whole log: increasing, may have gaps, is not commit order;
                    asked for before the commit, it takes a round trip to the database
    id              a UUID, the same if the same command is sent again
    stream, version its stream, and its number there: 1, 2, 3 … without gaps
    data            the event itself, an instance of its contract
    correlation_id  the same on everything that one request set in motion
    causation_id    the command or the event that directly caused it
    metadata        who and what: the command's name and fields, the actor, the request; an import
                    may have written anything under these names; empty where it is no object
    recorded_at     when the database took it
    occurred_at     when it happened, where an import knows better; else as recorded

    The two times raise `UnreadableEvent` where Python cannot hold them (infinity, say).
    """

    row: Sequence[Any]
    data: E_co

    id = Column(1, UUID)
    stream = Column(2, str)
    version = Column(3, int)
    type = Column(4, str)
    schema_version = Column(5, int)
    correlation_id = Column(7, UUID)
    causation_id = Column(8, UUID)
    metadata = Column[Mapping[str, Any]](9, mapping_from_jsonb)
    recorded_at = Column(10, moment)
    occurred_at = Column(11, moment)

    @property
    def position(self) -> int:
        if self.row[0] is None:  # its INSERT was put aside, and goes before what a cursor does
            connection.cursor().close()
        if self.row[0] is None:
            raise RuntimeError("This event has no position: its transaction was rolled back.")
        return int(self.row[0])

    def __eq__(self, other: object) -> bool:
        """Whether all of these are the same: as text they may differ, by who wrote them."""
        return isinstance(other, RecordedEvent) and _attributes(self) == _attributes(other)

    def __str__(self) -> str:
        return str(self.data)


_attributes = attrgetter(
    *("position", "id", "stream", "version", "type", "schema_version", "data"),
    *("correlation_id", "causation_id", "metadata", "recorded_at", "occurred_at"),
)


def query(sql: str, parameters: Sequence[Any]) -> list[RecordedEvent[Any]]:
    """Run a query that begins with `SELECT` above."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [recorded(row) for row in cursor.fetchall()]


def recorded(row: Sequence[Any]) -> RecordedEvent[Any]:
    """The event from its row; raises `UnreadableEvent` with its id and position."""
    return RecordedEvent(row, data_of(row))
