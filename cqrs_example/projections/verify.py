"""Prove read models and the log itself; each check sees one snapshot and takes no lock."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count, groupby, islice
from operator import attrgetter
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from ..eventstore import RecordedEvent
from ..eventstore.contracts import contracts
from ..eventstore.recorded import SELECT
from .replay import Watch, catch_up, projection, replay, streamed
from .runs import Result
from .tables import Table, session, temporary_tables

SHOWN = 20  # findings of one check; the rest is counted

DIFFERENT = """
    SELECT to_jsonb(live), to_jsonb(new), count(*) OVER ()
    FROM {live} AS live FULL JOIN {name} AS new ON {same_key}
    WHERE live.{first} IS NULL OR new.{first} IS NULL OR NOT ({same_values})
    ORDER BY coalesce(live.{first}, new.{first}) LIMIT %s
"""
# The events that name one of these rows: by their own id, their cause, or a value of their data.
NAMING = (
    SELECT
    + """WHERE id::text = ANY(%s) OR causation_id::text = ANY(%s)
        OR EXISTS (SELECT FROM jsonb_each_text(data) AS field WHERE field.value = ANY(%s))
    ORDER BY position"""
)
COUNTS = "SELECT count(*), count(DISTINCT stream) FROM eventstore_event"
OUT_OF_ORDER = """
    SELECT CASE WHEN version = before + 1
        THEN format('%%s: version %%s has a lower position than %%s', stream, version, before)
        ELSE format('%%s: version %%s comes after version %%s', stream, version, before) END
    FROM (
        SELECT stream, version, position, lag(version, 1, 0) OVER one_stream AS before,
            lag(position, 1, 0::bigint) OVER one_stream AS position_before
        FROM eventstore_event WINDOW one_stream AS (PARTITION BY stream ORDER BY version, position)
    ) AS numbered
    WHERE version <> before + 1 OR position <= position_before
    ORDER BY stream, version LIMIT %s
"""
TWICE = """
    SELECT format('event %%s is there %%s times', id, count(*))
    FROM eventstore_event GROUP BY id HAVING count(*) > 1 LIMIT %s
"""
TYPES = "SELECT type, schema_version, min(position) FROM eventstore_event GROUP BY 1, 2 ORDER BY 3"
BY_STREAM = SELECT + "ORDER BY stream, version"


def verify_projection(name: str, watch: Watch) -> Result:
    """Whether a read model's rows are those that a replay of the log gives."""
    module = projection(name)
    with temporary_tables(module) as tables:
        # Nearly all of it before the snapshot: in one long transaction a replay becomes slow.
        settled = catch_up(module, 0, watch)
        with snapshot():
            for _ in replay(module, after=settled):
                pass
            [events] = _column("SELECT count(*) FROM eventstore_event")
            rows = sum(_count(table) for table in tables)
            findings, many = _differences(module, tables)
    if findings:
        return Result(f"{many:,} of {rows:,} rows differ from {events:,} events", findings)
    return Result(f"{rows:,} rows agree with {events:,} events")


def verify_log(watch: Watch) -> Result:
    """Versions from 1 without a gap, no event twice, each type known, and every invariant holds."""
    with session(), snapshot(), connection.cursor() as cursor:
        cursor.execute(COUNTS)
        events, streams = cursor.fetchone()
        findings = [*_column(OUT_OF_ORDER, SHOWN), *_column(TWICE, SHOWN), *_unknown_types()]
        if not findings:  # else the invariants would say the same again, or stop at it
            findings = list(islice(_broken_invariants(watch, events), SHOWN))
    if findings:
        return Result(f"something is wrong in {events:,} events", findings)
    held = f"; {', '.join(settings.INVARIANTS)} held" if settings.INVARIANTS else ""
    return Result(f"{events:,} events in {streams:,} streams are in order{held}")


@contextmanager
def snapshot() -> Iterator[None]:
    """One moment for all reads: log and read models agree in it, because they commit together."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _count(table: Table) -> int:
    return int(_column(f"SELECT count(*) FROM {table.live}")[0])


def _column(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


def _unknown_types() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(TYPES)
        unknown = [row for row in cursor.fetchall() if row[:2] not in contracts()]
    for name, version, position in unknown:
        [event_id] = _column("SELECT id FROM eventstore_event WHERE position = %s", position)
        yield f"settings.EVENTS has no {name} of version {version}; the first is event {event_id}"


def _broken_invariants(watch: Watch, total: int) -> Iterator[str]:
    """Each check goes through the streams, one after the other, each from its beginning."""
    for path in settings.INVARIANTS.values():
        check = import_string(path)
        for _, stream in groupby(watch(_by_stream(), total), attrgetter("stream")):
            yield from check(stream)


def _by_stream() -> Iterator[tuple[RecordedEvent, int]]:
    numbers = count(1)
    for events in streamed(BY_STREAM):
        yield from zip(events, numbers, strict=False)


# Rows that differ, and since when


@dataclass
class Difference:
    """A row that is not what the log says; None: it is not there."""

    table: Table
    live: dict[str, Any] | None
    new: dict[str, Any] | None
    since: str = ""

    @property
    def key(self) -> list[Any]:
        row = self.live or self.new or {}
        return [row[one] for one in _names(self.table.key)]

    def __str__(self) -> str:
        key = ", ".join(map(str, self.key))
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


def _differences(module: ModuleType, tables: list[Table]) -> tuple[list[str], int]:
    """The first of the rows that differ, told; and how many there are."""
    found, many = [], 0
    for table in tables:
        parts = {"live": table.live, "name": table.name, "first": table.key[0]}
        parts |= {"same_key": table.same_key, "same_values": table.same_values}
        with connection.cursor() as cursor:
            cursor.execute(DIFFERENT.format(**parts), [SHOWN])
            rows = cursor.fetchall()
        found += [Difference(table, _row(table, live), _row(table, new)) for live, new, _ in rows]
        many += rows[0][2] if rows else 0
    if found:
        _look_back(module, tables, found)
    return [str(one) for one in found], many


def _look_back(module: ModuleType, tables: list[Table], found: list[Difference]) -> None:
    """Replay the events that name these rows one by one, and note when a row was as it is now."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table.name}")
    keys = [str(value) for difference in found for value in difference.key]
    for event in chain.from_iterable(streamed(NAMING, [keys] * 3)):
        module.project([event])
        for difference in found:
            if difference.live and _now(difference) == difference.live:
                difference.since = f"so it was at version {event.version} of {event.stream}"


def _now(difference: Difference) -> dict[str, Any] | None:
    table = difference.table
    where = " AND ".join(f"to_jsonb({one}) = %s" for one in table.key)
    key = [json.dumps(value) for value in difference.key]
    rows = _column(f"SELECT to_jsonb(new) FROM {table.name} AS new WHERE {where}", *key)
    return _row(table, rows[0]) if rows else None


def _row(table: Table, stored: str | None) -> dict[str, Any] | None:
    if stored is None:
        return None
    row = json.loads(stored)
    return {name: row[name] for name in _names(table.columns)}


def _names(quoted: Sequence[str]) -> list[str]:
    return [one.strip('"') for one in quoted]
