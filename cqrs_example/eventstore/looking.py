"""Looking at the log, for pages and tools: not for deciding, nor for following it."""

from typing import Any
from uuid import UUID

from django.db import connection

from .log import END
from .recorded import SELECT, RecordedEvent, query

BETWEEN = SELECT + "WHERE position > %s AND position < %s ORDER BY position {way} LIMIT %s"
# Compared as pairs, as they stand in the index: `type = …` may make Postgres walk through the whole
# log for events of a type that is rare.
OF_TYPE = SELECT + (
    "WHERE (type, position) > (%s, %s) AND (type, position) < (%s, %s)"
    " ORDER BY type {way}, position {way} LIMIT %s"
)


def events_between(
    after: int = 0,
    before: int = END,
    *,
    stored_type: str | None = None,
    backwards: bool = False,
    limit: int,
) -> list[RecordedEvent[Any]]:
    """The events between two positions, both exclusive, oldest or newest first; of one type, if
    `stored_type` gives its name.

    At the newest end, what commits late may still be missing.
    """
    way = "DESC" if backwards else "ASC"
    if stored_type is None:
        return query(BETWEEN.format(way=way), [after, before, limit])
    return query(OF_TYPE.format(way=way), [stored_type, after, stored_type, before, limit])


def is_recorded(event_id: UUID) -> bool:
    """Whether an event with this id is in the log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM eventstore_event WHERE id = %s", [event_id])
        return cursor.fetchone() is not None
