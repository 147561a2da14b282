"""The rows that one event changed: its streams are replayed up to it, and then the event."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.conf import settings

from ..eventstore import RecordedEvent
from ..eventstore.recorded import SELECT, query
from ..messaging import hears
from .differences import AFFORDABLE
from .replay import projection, read_only
from .runs import telling
from .sessions import column
from .tables import Table, Unreplayable, temporary_tables

# The earlier events of its own stream, and of the stream of the event that caused it.
BEFORE = (
    SELECT
    + """WHERE position < %s AND stream IN (%s,
        (SELECT stream FROM eventstore_event WHERE id = %s)) ORDER BY position LIMIT %s"""
)


class Effect(NamedTuple):
    """A row of a projection's table before and after an event; None if there was no row."""

    projection: str
    table: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def effects_of(event: RecordedEvent[Any]) -> list[Effect]:
    """The rows that an event changed, found by a replay of its own stream and that of its cause.

    If events of other streams change the same row, its values are those without these. It writes
    only to temporary tables of its own session, and runs no policy. Raises `Unreplayable` with a
    sentence if the events cannot be replayed, or if there are too many before this one.
    """
    hearing = {name: projection(name) for name in settings.PROJECTIONS}
    hearing = {name: module for name, module in hearing.items() if hears(module.project, event)}
    return [effect for name in hearing for effect in _effects_in(name, event)]


def _effects_in(name: str, event: RecordedEvent[Any]) -> Iterator[Effect]:
    module = telling(projection(name))
    # Without CHECK constraints: a row that lacks some of its events may break one.
    with temporary_tables(module, checked=False) as tables, read_only():
        wanted = [event.position, event.stream, event.causation_id, AFFORDABLE + 1]
        earlier = query(BEFORE, wanted)
        if len(earlier) > AFFORDABLE:
            raise Unreplayable(
                f"More than {AFFORDABLE:,} events stand before it in its streams: that is too much"
                " to be replayed while somebody waits."
            )
        if heard := [event for event in earlier if hears(module.project, event)]:
            module.project(heard)
        before = {table.name: _rows(table) for table in tables}
        module.project([event])
        for table in tables:
            was, after = before[table.name], _rows(table)
            for key in dict.fromkeys([*was, *after]):
                if was.get(key) != after.get(key):
                    yield Effect(name, table.name.strip('"'), was.get(key), after.get(key))


def _rows(table: Table) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """The rows by their keys, without numbers that the database gives."""
    columns = [name.strip('"') for name in table.columns]
    found = column(f"SELECT to_jsonb(new)::text FROM {table.name} AS new")
    rows = [{name: row[name] for name in columns} for row in map(json.loads, found)]
    return {tuple(str(row[name.strip('"')]) for name in table.key): row for row in rows}
