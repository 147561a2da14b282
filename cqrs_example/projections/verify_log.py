"""Check the log itself: its order, its types, and the invariants of the domain."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from inspect import signature
from itertools import count, groupby, islice
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from ..eventstore import RecordedEvent, UnreadableEvent
from ..eventstore.contracts import contracts, stored_as
from ..eventstore.recorded import SELECT
from ..messaging import heard_by
from ..operations.asking import faults_of_the_log
from ..progress import counted
from .replay import Watch, as_columns, streamed
from .runs import Result
from .sealing import differing_seals, sealed_position
from .sessions import column, session, snapshot
from .verify_origins import wrong_origins

SHOWN = 20  # findings of one check; further findings are only counted

COUNTS = "SELECT count(*), count(DISTINCT stream) FROM eventstore_event"
OUT_OF_ORDER = """
    SELECT CASE WHEN version = before + 1
        THEN format('%s: version %s has a lower position than %s', stream, version, before)
        ELSE format('%s: version %s comes after version %s', stream, version, before) END
    FROM (
        SELECT stream, version, position, lag(version, 1, 0) OVER one_stream AS before,
            lag(position, 1, 0::bigint) OVER one_stream AS position_before
        FROM eventstore_event WINDOW one_stream AS (PARTITION BY stream ORDER BY version, position)
    ) AS numbered
    WHERE version <> before + 1 OR position <= position_before
    ORDER BY stream, version
"""
TWICE = """
    SELECT format('event %s is there %s times', id, count(*))
    FROM eventstore_event GROUP BY id HAVING count(*) > 1
"""
POSITION_TWICE = """
    SELECT format('position %s is there %s times', position, count(*))
    FROM eventstore_event GROUP BY position HAVING count(*) > 1
"""
TYPES = "SELECT type, schema_version, min(position) FROM eventstore_event GROUP BY 1, 2 ORDER BY 3"
HEARD_BY_STREAM = SELECT + (
    "WHERE (type, schema_version) IN (SELECT * FROM unnest(%s::text[], %s::int[]))"
    " ORDER BY stream, version"
)


def verify_log(watch: Watch, expected: str | None = None) -> Result:
    """Check the log. `expected` is the digest of a seal, or None.

    Versions begin at 1 and have no gap, no event is there twice, ids, causes and times are as
    commands record them, each type is known, every invariant holds, and sealed events are
    unchanged.
    """
    with session(), snapshot(), connection.cursor() as cursor:
        cursor.execute(COUNTS)
        events, streams = cursor.fetchone()
        unknown = list(_unknown_types())
        # An invariant would raise at an event that cannot be read.
        broken: Iterable[str] = [] if unknown else _broken_invariants(watch, events)
        unfit = [fault.sentence for fault in faults_of_the_log()]
        asked = map(_findings, (OUT_OF_ORDER, TWICE, POSITION_TWICE))
        checks = (unfit, *asked, unknown, broken, wrong_origins(), differing_seals(expected))
        found = [_first(findings) for findings in checks]
        sealed = sealed_position()
    all_events = counted(events, "event", "events")
    if many := sum(number for number, _ in found):
        unasked = "; invariants need every type known, and were not asked" if unknown else ""
        findings = [finding for _, first in found for finding in first]
        found_in = f"{counted(many, 'finding', 'findings')} in {all_events}"
        return Result(f"{found_in}{unasked}", findings)
    held = f"; {', '.join(invariants())} held" if invariants() else ""
    seals = f"; sealed up to position {sealed}: agrees" if sealed is not None else ""
    are = "is" if events == 1 else "are"
    where = counted(streams, "stream", "streams")
    return Result(f"{all_events} in {where} {are} in order{held}{seals}")


def invariants() -> Mapping[str, str]:
    """`settings.INVARIANTS`, name → path of a function; empty if a project has none."""
    return getattr(settings, "INVARIANTS", {})


def _first(findings: Iterable[str]) -> tuple[int, list[str]]:
    """The number of findings, and the first `SHOWN` of them."""
    rest = iter(findings)
    first = list(islice(rest, SHOWN))
    if more := sum(1 for _ in rest):
        return len(first) + more, [*first, f"and {more:,} more"]
    return len(first), first


def _findings(sql: str) -> Iterator[str]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        for (finding,) in cursor:
            yield finding


def _unknown_types() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(TYPES)
        unknown = [row for row in cursor.fetchall() if row[:2] not in contracts()]
    for name, version, position in unknown:
        [event_id] = column("SELECT id FROM eventstore_event WHERE position = %s", position)
        yield f"settings.EVENTS has no {name} of version {version}; the first is event {event_id}"


def _broken_invariants(watch: Watch, total: int) -> Iterator[str]:
    """A check without parameters is called once. Any other check is called for each stream that has
    events which it hears, with these events, from the stream's beginning. All types are known."""
    try:
        for path in invariants().values():
            check = import_string(path)
            if not signature(check).parameters:
                yield from check()
                continue
            heard = watch(_by_stream(stored_as(heard_by(check))), total)
            for _, stream in groupby(heard, attrgetter("stream")):
                yield from check(stream)
    except UnreadableEvent as error:
        yield str(error)


def _by_stream(heard: Collection[tuple[str, int]]) -> Iterator[tuple[RecordedEvent[Any], int]]:
    numbers = count(1)
    for events in streamed(HEARD_BY_STREAM, as_columns(heard)):
        yield from zip(events, numbers, strict=False)
