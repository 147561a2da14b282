"""Reading for people: also what the code cannot read, and what is not settled yet."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ..eventstore import RecordedEvent, UnreadableEvent
from ..eventstore.recorded import recorded


@dataclass(frozen=True)
class Unreadable:
    """In the place of an event's data: what is stored, and why the code cannot read it."""

    stored: Any
    problem: str

    def __str__(self) -> str:
        return f"This event cannot be read. {self.problem}"


def look(sql: str, parameters: Sequence[Any]) -> list[RecordedEvent[Any]]:
    """Run a query for `COLUMNS`, like `eventstore.recorded.query`; never raises UnreadableEvent."""
    return [tolerant(row) for row in rows(sql, parameters)]


def tolerant(row: Sequence[Any]) -> RecordedEvent[Any]:
    """The event from its row, with `Unreadable` as its data if need be."""
    try:
        return recorded(row)
    except UnreadableEvent as error:
        data = Unreadable(json.loads(row[6]), str(error))
        return RecordedEvent(row, data)


def rows(sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
