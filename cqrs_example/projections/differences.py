"""The rows of a read model that differ from a replay of the log, and since which version."""

import json
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import chain
from types import ModuleType
from typing import Any

from django.db import connection, transaction

from ..eventstore.recorded import SELECT
from ..messaging import hears
from .replay import streamed
from .sessions import column
from .tables import Table

SHOWN = 20  # rows of one table; further rows are only counted
AFFORDABLE = 5_000  # events that are replayed one by one to find out since when a row differs

DIFFERENT = """
    SELECT to_jsonb(live), to_jsonb(new),
        count(*) OVER (), count(*) FILTER (WHERE live.{first} IS NULL) OVER ()
    FROM {live} AS live FULL JOIN {name} AS new ON {same_key}
    WHERE live.{first} IS NULL OR new.{first} IS NULL OR NOT ({same_values})
    ORDER BY coalesce(live.{first}, new.{first}) LIMIT %s
"""
# The events whose stream, id, cause or a value of whose data is part of the key of such a row.
NAMING = (
    SELECT
    + """WHERE stream = ANY(%s) OR id::text = ANY(%s) OR causation_id::text = ANY(%s)
        OR EXISTS (SELECT FROM jsonb_each_text(data) AS field WHERE field.value = ANY(%s))
    ORDER BY position"""
)
MANY_NAMING = f"SELECT count(*) FROM ({NAMING} LIMIT {AFFORDABLE + 1}) AS naming"
ALL = SELECT + "ORDER BY position"
NOW = """
    SELECT to_jsonb(new) FROM jsonb_populate_record(NULL::{live}, %s) AS live
    JOIN {name} AS new ON {same_key}
"""


@dataclass
class Difference:
    """A row that differs: in the live table and as the replay makes it; None if it is missing."""

    table: Table
    live: dict[str, Any] | None
    new: dict[str, Any] | None
    since: str = ""

    @property
    def key(self) -> dict[str, Any]:
        row = self.live or self.new or {}
        return {column: row[column] for column in _names(self.table.key)}

    def __str__(self) -> str:
        key = ", ".join(map(str, self.key.values()))
        never = "no version ever looked so" if self.live else "so it was before its first event"
        return f"{self.table.name} {key} {self._what()}; {self.since or never}"

    def _what(self) -> str:
        if self.live is None:
            return "is missing"
        if self.new is None:
            return "should not be there"
        unlike = [(name, self.live[name], right) for name, right in self.new.items()]
        wrong = [f"has {name} {was}, not {right}" for name, was, right in unlike if was != right]
        return ", ".join(wrong)


def differences(module: ModuleType, tables: list[Table], events: int) -> tuple[int, int, list[str]]:
    """The number of rows that differ, the number of those that are missing, and a sentence for each
    of the first ones. `events` is the number of events in the log.
    """
    found, many, missing = list[Difference](), 0, 0
    for table in tables:
        with connection.cursor() as cursor:
            cursor.execute(_filled_in(DIFFERENT, table), [SHOWN])
            rows = cursor.fetchall()
        found += [Difference(table, _row(table, pair[0]), _row(table, pair[1])) for pair in rows]
        many += rows[0][2] if rows else 0
        missing += rows[0][3] if rows else 0
    if found:
        _tell_since(module, tables, found, events)
    return many, missing, [str(difference) for difference in found]


def _tell_since(
    module: ModuleType, tables: list[Table], found: list[Difference], events: int
) -> None:
    """Find out since when the rows differ. Replays the events that name them; if these do not make
    the rows, replays the whole log, unless it is long."""
    keys = [str(value) for difference in found for value in difference.key.values()]
    unsure = found
    if column(MANY_NAMING, *[keys] * 4)[0] <= AFFORDABLE:
        # A projection may raise anything, since it misses the other events.
        with suppress(Exception), transaction.atomic():
            _look_back(module, tables, found, NAMING, [keys] * 4)
            unsure = [difference for difference in found if _now(difference) != difference.new]
    if unsure and events <= AFFORDABLE:
        _look_back(module, tables, unsure, ALL, [])
    elif unsure:
        for difference in unsure:
            difference.since = f"since when would take a replay of {events:,} events one by one"


def _look_back(
    module: ModuleType,
    tables: list[Table],
    found: list[Difference],
    sql: str,
    parameters: Sequence[Any],
) -> None:
    """Replay these events one by one, and note when a row was as the live one is."""
    for difference in found:
        difference.since = ""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table.name}")
    batches: Any = streamed(sql, parameters)
    with closing(batches):  # if a projection raises, the transaction goes on
        for event in chain.from_iterable(batches):
            if hears(module.project, event):
                module.project([event])
            for difference in found:
                if difference.live and _now(difference) == difference.live:
                    difference.since = f"so it was at version {event.version} of {event.stream}"


def _now(difference: Difference) -> dict[str, Any] | None:
    """The row as the replay has made it so far."""
    table = difference.table
    rows = column(_filled_in(NOW, table), json.dumps(difference.key))
    return _row(table, rows[0]) if rows else None


def _filled_in(sql: str, table: Table) -> str:
    parts = {"live": table.live, "name": table.name, "first": table.key[0]}
    return sql.format(**parts, same_key=table.same_key, same_values=table.same_values)


def _row(table: Table, stored: str | None) -> dict[str, Any] | None:
    if stored is None:
        return None
    row = json.loads(stored)
    return {name: row[name] for name in _names(table.columns)}


def _names(quoted: Sequence[str]) -> list[str]:
    return [column.strip('"') for column in quoted]
