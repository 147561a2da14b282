"""Looking at the log, for pages and tools: not for deciding, nor for following it."""

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
# Compared as pairs, as they stand in the index: `type = …` may make Postgres walk through the whole
# log for events of a type that is rare.
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
    """The events between two positions, both exclusive, oldest or newest first; of one type, if
    `stored_type` gives its name.

    An event that the code cannot read has an `Unreadable` as its data. At the newest end, events
    that commit late may still be missing.
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
    """The events of a stream with versions between these, both exclusive; of one type, if
    `stored_type` gives its name. `read`, for pages: one that the code cannot read has an
    `Unreadable` as its data."""
    of_type = "" if stored_type is None else "AND type = %s "
    way = "DESC" if backwards else "ASC"
    sql = f"{WITHIN} {way} LIMIT %s".replace("ORDER BY", f"{of_type}ORDER BY")
    return look(sql, [stream, after, before, *([stored_type] if stored_type else []), limit])


def newest_first(fetch: Callable[..., Sequence[RecordedEvent[Any]]], key: str) -> Iterator[Any]:
    """All that `events_between` (by "position") or `events_of` (by "version") finds, newest first:
    a batch at a time, so that any number of events takes the same memory."""
    before = END
    while found := fetch(before=before, backwards=True, limit=BATCH):
        yield from found
        before = getattr(found[-1], key)


def newest_of(stream: str) -> RecordedEvent[Any] | None:
    """The last event of a stream, in the same way; None when the stream has none."""
    return next(iter(events_of(stream, backwards=True, limit=1)), None)


def newest_of_each(streams: Sequence[str], limit: int) -> list[RecordedEvent[Any]]:
    """The last events of many streams, up to `limit` of each, with one query; those that the code
    can read."""
    found = look(NEWEST_OF_EACH, [list(streams), limit])
    return [event for event in found if not isinstance(event.data, Unreadable)]


def metadata_of(event_id: UUID) -> Mapping[str, Any] | None:
    """What is recorded beside the event with this id; None where there is no such event."""
    found = rows("SELECT metadata::text FROM eventstore_event WHERE id = %s", [event_id])
    return mapping_from_jsonb(found[0][0]) if found else None


def last_events(prefix: StreamName[E]) -> Iterator[RecordedEvent[E]]:
    """The last event of each stream whose name begins so, by name (in the order of code points).

    Reads all events of these streams, a batch at a time, in flat memory.
    """
    after, end = str(prefix), prefix + chr(0x10FFFF)
    while events := query(LAST_OF_EACH, [after, end, BATCH]):
        yield from events
        after = events[-1].stream


def look(sql: str, parameters: Sequence[Any]) -> list[RecordedEvent[Any]]:
    """Run a query for `COLUMNS`, like `recorded.query`; never raises UnreadableEvent."""
    return [tolerant(row) for row in rows(sql, parameters)]


@dataclass(frozen=True)
class Unreadable:
    """In the place of an event's data: what is stored, and why the code cannot read it."""

    stored: Any
    problem: str

    def __str__(self) -> str:
        return f"This event cannot be read. {self.problem}"


def tolerant(row: Sequence[Any]) -> RecordedEvent[Any]:
    """The event from its row, with `Unreadable` as its data if need be."""
    try:
        event = recorded(row)
        _ = event.recorded_at, event.occurred_at
        return event
    except UnreadableEvent as error:
        data: Any = Unreadable(json.loads(row[6]), str(error))
        return RecordedEvent([*row[:10], *map(nearest, row[10:12])], data)


def rows(sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
