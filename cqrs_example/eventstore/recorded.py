"""An event as it is read from the log, and the name of its stream."""

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

# The columns of `RecordedEvent`. They are read as text: to convert all of them would take longer
# than the rest of a read, and few are used (see `Column`).
COLUMNS = """
    position, id::text, stream, version, type, schema_version, data,
    correlation_id::text, causation_id::text, metadata, recorded_at::text, occurred_at::text
"""
SELECT = f"SELECT {COLUMNS} FROM eventstore_event "  # noqa: S608 (no input in it)


class StreamName(str, Generic[E]):
    """The name of a stream. It is a text, and tells the type checker which events the stream holds:

    def account_stream(number: str) -> StreamName[Opened | Deposited | Withdrawn]:
        return StreamName(f"account-{number}")
    """

    __slots__ = ()


class Column(Generic[T]):
    """A column of an event's row, converted from text only when somebody asks for it.

    A replay reads many rows, and a projection uses few of their columns.
    """

    def __init__(self, number: int, read: Callable[[Any], T]) -> None:
        self.number, self.read = number, read

    def __get__(self, event: RecordedEvent[Event] | None, owner: object) -> T:
        # `help()` asks the class and not an event, and gets the column itself.
        return self if event is None else self.read(event.row[self.number])  # type: ignore[return-value]


@dataclass(slots=True, eq=False)
class RecordedEvent(Generic[E_co]):
    """An event with its place in the log.

    position        its number in the whole log: positions increase, may have gaps, and are not the
                    order of commits; before the commit, to ask for it takes a round trip
    id              a UUID, which is the same if the same command is sent again
    stream, version its stream, and its number there: 1, 2, 3 … without gaps
    data            the event itself, an instance of its class
    correlation_id  shared by all events that one request caused
    causation_id    the id of the command or the event that directly caused it
    metadata        the command's name and fields, the actor and the request; an import may have
                    written other values under these names; empty if it is no JSON object
    recorded_at     the time at which its transaction locked the stream
    occurred_at     the time at which it happened; as `recorded_at`, unless the writer gave another

    The two times raise `UnreadableEvent` if Python cannot hold them, such as infinity.
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
        if self.row[0] is None:  # its INSERT waits (see `later`): a new cursor has it sent
            connection.cursor().close()
        if self.row[0] is None:
            raise RuntimeError("This event has no position: its transaction was rolled back.")
        return int(self.row[0])

    def __eq__(self, other: object) -> bool:
        """Whether all values are equal; the texts of equal values in the rows may differ."""
        return isinstance(other, RecordedEvent) and _attributes(self) == _attributes(other)

    def __str__(self) -> str:
        return str(self.data)


_attributes = attrgetter(
    *("position", "id", "stream", "version", "type", "schema_version", "data"),
    *("correlation_id", "causation_id", "metadata", "recorded_at", "occurred_at"),
)


def query(sql: str, parameters: Sequence[Any]) -> list[RecordedEvent[Any]]:
    """Run a query that begins with `SELECT` above, and return its events."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [recorded(row) for row in cursor.fetchall()]


def recorded(row: Sequence[Any]) -> RecordedEvent[Any]:
    """The event of a row; raises `UnreadableEvent` with its id and position."""
    return RecordedEvent(row, data_of(row))
