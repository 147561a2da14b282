"""Look at the log, for pages and tools.

A page may show an event that the code cannot read, and may miss one that commits late. So do not
decide on what is read here, and do not follow the log with it: see `log`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from .codecs import mapping_from_jsonb
from .contracts import UnreadableEvent
from .log import BATCH, END, WITHIN
from .readable import nearest
from .recorded import SELECT, E, RecordedEvent, StreamName, query, recorded

BETWEEN = SELECT + "WHERE position > %s AND position < %s ORDER BY position {way} LIMIT %s"
# Compared as pairs, as the index has them. With `type = …` Postgres may walk through the whole log
# by position, even if the type is rare.
OF_TYPE = SELECT + (
    "WHERE (type, position) > (%s, %s) AND (type, position) < (%s, %s)"
    " ORDER BY type {way}, position {way} LIMIT %s"
)
LAST_OF_EACH = SELECT.replace("SELECT", "SELECT DISTINCT ON (stream)", 1) + (
    "WHERE stream > %s AND stream < %s ORDER BY stream, version DESC LIMIT %s"
)

NEWEST_OF_EACH = f"""
    SELECT event.* FROM unnest(%s::text[]) AS name CROSS JOIN LATERAL (
        {SELECT} WHERE stream = name ORDER BY version DESC LIMIT %s
    ) AS event
"""  # noqa: S608 (no input in it)


def events_between(
    after: int = 0,
    before: int = END,
    *,
    stored_type: str | None = None,
    backwards: bool = False,
    limit: int,
) -> list[RecordedEvent[Any]]:
    """Up to `limit` events between two positions, both exclusive; of one type, if `stored_type`
    names it.

    The oldest comes first, or the newest if `backwards`. The data of an event that the code cannot
    read is an `Unreadable`. At the newest end, events that commit late may be missing.
    """
    way = "DESC" if backwards else "ASC"
    if stored_type is None:
        return look(BETWEEN.format(way=way), [after, before, limit])
    return look(OF_TYPE.format(way=way), [stored_type, after, stored_type, before, limit])


def events_of(
    stream: str,
    *,
    after: int = 0,
    before: int = END,
    stored_type: str | None = None,
    backwards: bool = False,
    limit: int,
) -> list[RecordedEvent[Any]]:
    """Up to `limit` events of a stream with versions between two numbers, both exclusive; of one
    type, if `stored_type` names it.

    The oldest comes first, or the newest if `backwards`. The data of an event that the code cannot
    read is an `Unreadable`.
    """
    of_type = "" if stored_type is None else "AND type = %s "
    way = "DESC" if backwards else "ASC"
    sql = f"{WITHIN} {way} LIMIT %s".replace("ORDER BY", f"{of_type}ORDER BY")
    return look(sql, [stream, after, before, *([stored_type] if stored_type else []), limit])


def newest_first(fetch: Callable[..., Sequence[RecordedEvent[Any]]], key: str) -> Iterator[Any]:
    """All events that a function finds, newest first; memory does not grow with their number.

    The function is `events_between`, with the key "position", or `events_of`, with "version".
    """
    before = END
    while events := fetch(before=before, backwards=True, limit=BATCH):
        yield from events
        before = getattr(events[-1], key)


def newest_of(stream: str) -> RecordedEvent[Any] | None:
    """The last event of a stream, perhaps with an `Unreadable` as its data; None if it has none."""
    return next(iter(events_of(stream, backwards=True, limit=1)), None)


def newest_of_each(streams: Sequence[str], limit: int) -> list[RecordedEvent[Any]]:
    """The last events of many streams, up to `limit` of each, with one query.

    Events that the code cannot read are left out.
    """
    events = look(NEWEST_OF_EACH, [list(streams), limit])
    return [event for event in events if not isinstance(event.data, Unreadable)]


def metadata_of(event_id: UUID) -> Mapping[str, Any] | None:
    """The metadata of the event with this id; None if there is no such event."""
    found = rows("SELECT metadata::text FROM eventstore_event WHERE id = %s", [event_id])
    return mapping_from_jsonb(found[0][0]) if found else None


def last_events(prefix: StreamName[E]) -> Iterator[RecordedEvent[E]]:
    """The last event of each stream whose name begins with a prefix.

    They are sorted by the names, in the order of code points. It reads all events of these streams,
    a batch at a time. Raises `UnreadableEvent` at an event that the code cannot read.
    """
    after, end = str(prefix), prefix + chr(0x10FFFF)
    while events := query(LAST_OF_EACH, [after, end, BATCH]):
        yield from events
        after = events[-1].stream


def look(sql: str, parameters: Sequence[Any]) -> list[RecordedEvent[Any]]:
    """Run a query for `COLUMNS`, as `recorded.query` does, but never raise `UnreadableEvent`."""
    return [tolerant(row) for row in rows(sql, parameters)]


@dataclass(frozen=True)
class Unreadable:
    """The data of an event that the code cannot read, as stored, and a sentence that says why."""

    stored: Any
    problem: str

    def __str__(self) -> str:
        return f"This event cannot be read. {self.problem}"


def tolerant(row: Sequence[Any]) -> RecordedEvent[Any]:
    """The event of a row, with an `Unreadable` as its data if the code cannot read it."""
    try:
        event = recorded(row)
        _ = event.recorded_at, event.occurred_at
        return event
    except UnreadableEvent as error:
        data: Any = Unreadable(json.loads(row[6]), str(error))
        return RecordedEvent([*row[:10], *map(nearest, row[10:12])], data)


def rows(sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run a query and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        fetched: list[tuple[Any, ...]] = cursor.fetchall()
        return fetched
