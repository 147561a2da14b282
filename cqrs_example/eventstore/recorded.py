"""An event as the log holds it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import connection

from .contracts import UnreadableEvent, decode

# Times as text, because Django's way of loading them takes longer than all the rest of an event.
COLUMNS = """
    position, id, stream, version, type, schema_version, data,
    correlation_id, causation_id, metadata, recorded_at::text, occurred_at::text
"""
SELECT = f"SELECT {COLUMNS} FROM eventstore_event "  # noqa: S608 (no input in it)

# Without a look at both ends of the text, as json.loads has, it takes half the time.
from_json = json.JSONDecoder().raw_decode


class RecordedEvent(NamedTuple):
    """An event with its place in the log.

    position        its number in the whole log: increasing, may have gaps, is not commit order
    id              a UUID, the same if the same command is sent again
    stream, version its stream, and its number there: 1, 2, 3 … without gaps
    data            the event itself, an instance of its contract
    correlation_id  the same on everything that one request set in motion
    causation_id    the command or the event that directly caused it
    metadata_json   what `metadata` reads when it is asked for: few ask, and it takes long
    recorded_at     when the database took it
    occurred_at     when it happened, where an import knows better; else as recorded
    """

    position: int
    id: UUID
    stream: str
    version: int
    type: str
    schema_version: int
    data: Any
    correlation_id: UUID
    causation_id: UUID
    metadata_json: str
    recorded_at: datetime
    occurred_at: datetime

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Who and what: the command's name and fields, the actor, the request."""
        return cast(Mapping[str, Any], from_json(self.metadata_json)[0])

    def __str__(self) -> str:
        return str(self.data)


def query(sql: str, parameters: Sequence[Any]) -> list[RecordedEvent]:
    """Run a query that begins with `SELECT` above."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [recorded(row) for row in cursor.fetchall()]


def write(sql: str, parameters: Sequence[Any]) -> list[RecordedEvent]:
    """The same inside a transaction, and faster: past Django's cursor, which takes a twentieth of a
    command. So Django's own log of queries and its wrappers do not see what writes to the log."""
    with connection.wrap_database_errors:
        return [recorded(row) for row in connection.connection.execute(sql, parameters)]


def recorded(row: Sequence[Any]) -> RecordedEvent:
    """The event from its row; raises `UnreadableEvent` with its id and position."""
    try:
        data = decode(row[4], row[5], from_json(row[6])[0])
    except UnreadableEvent as error:
        raise UnreadableEvent(f"Event {row[1]} at position {row[0]}: {error}.") from error
    times = map(datetime.fromisoformat, row[10:])
    return RecordedEvent._make([*row[:6], data, *row[7:10], *times])
