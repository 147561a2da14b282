"""An event as the log holds it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection

from .contracts import UnreadableEvent, decode

# What `RecordedEvent` reads: as text, because loading all of it takes longer than all the rest.
COLUMNS = """
    position, id::text, stream, version, type, schema_version, data,
    correlation_id::text, causation_id::text, metadata, recorded_at::text, occurred_at::text
"""
SELECT = f"SELECT {COLUMNS} FROM eventstore_event "  # noqa: S608 (no input in it)

# Without a look at both ends of the text, as json.loads has, it takes half the time.
from_json = json.JSONDecoder().raw_decode


def _column(number: int, read: Callable[[Any], Any]) -> Any:
    """A column of an event's row, read from text when it is asked for: a replay has many rows, and
    a projection looks at few columns."""
    return property(lambda event: read(event.row[number]))


@dataclass(slots=True)
class RecordedEvent:
    """An event with its place in the log.

    position        its number in the whole log: increasing, may have gaps, is not commit order
    id              a UUID, the same if the same command is sent again
    stream, version its stream, and its number there: 1, 2, 3 … without gaps
    data            the event itself, an instance of its contract
    correlation_id  the same on everything that one request set in motion
    causation_id    the command or the event that directly caused it
    metadata        who and what: the command's name and fields, the actor, the request
    recorded_at     when the database took it
    occurred_at     when it happened, where an import knows better; else as recorded
    """

    row: Sequence[Any]
    data: Any

    position: ClassVar[int] = _column(0, int)
    id: ClassVar[UUID] = _column(1, UUID)
    stream: ClassVar[str] = _column(2, str)
    version: ClassVar[int] = _column(3, int)
    type: ClassVar[str] = _column(4, str)
    schema_version: ClassVar[int] = _column(5, int)
    correlation_id: ClassVar[UUID] = _column(7, UUID)
    causation_id: ClassVar[UUID] = _column(8, UUID)
    metadata: ClassVar[Mapping[str, Any]] = _column(9, lambda text: from_json(text)[0])
    recorded_at: ClassVar[datetime] = _column(10, datetime.fromisoformat)
    occurred_at: ClassVar[datetime] = _column(11, datetime.fromisoformat)

    def __str__(self) -> str:
        return str(self.data)


def query(sql: str, parameters: Sequence[Any]) -> list[RecordedEvent]:
    """Run a query that begins with `SELECT` above."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [recorded(row) for row in cursor.fetchall()]


def write(sql: str, parameters: Sequence[Any]) -> list[RecordedEvent]:
    """The same, with BEGIN in the same round trip where the database backend can do that."""
    send = getattr(connection, "send", None)
    return [recorded(row) for row in send(sql, parameters)] if send else query(sql, parameters)


def recorded(row: Sequence[Any]) -> RecordedEvent:
    """The event from its row; raises `UnreadableEvent` with its id and position."""
    try:
        data = decode(row[4], row[5], from_json(row[6])[0])
    except UnreadableEvent as error:
        raise UnreadableEvent(f"Event {row[1]} at position {row[0]}: {error}.") from error
    return RecordedEvent(row, data)
