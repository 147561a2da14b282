"""How long each projection and policy took, and with how many statements, kept for whoever asks.

It is written beside the commands, not by them: a thread of each process writes once a second what
has come together, so a command pays for two looks at the clock. What a process has not written when
it ends is lost.
"""

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from threading import Lock, Thread
from time import perf_counter, sleep
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils import timezone

from ..eventstore import RecordedEvent
from ..eventstore.statements import counted
from .looking import rows
from .models import HandlerTiming

EVERY = 1.0  # seconds between two writes
WAITING = 10_000  # rows that wait at most: of more, the oldest are forgotten
MOST_TRIMMED = 20_000  # rows at once
COMMIT = "COMMIT"
NEWEST = 10_000

SLOWEST = f"""
    SELECT handler, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY microseconds),
        percentile_disc(0.99) WITHIN GROUP (ORDER BY microseconds), max(microseconds),
        round(avg(statements), 1)::text,
        (array_agg(first ORDER BY microseconds DESC))[1]
    FROM (SELECT * FROM inspection_handlertiming ORDER BY id DESC LIMIT {NEWEST}) AS newest
    GROUP BY 1 ORDER BY 4 DESC, 1"""  # noqa: S608 (no input in it)
INSERT = """
    INSERT INTO inspection_handlertiming
        (handler, microseconds, statements, at, correlation_id, first, last, events)
    SELECT * FROM unnest(%s::text[], %s::bigint[], %s::integer[], %s::timestamptz[], %s::uuid[],
        %s::bigint[], %s::bigint[], %s::integer[])"""
# In the order in which they were called. In workers a projection hears many events at once, of many
# correlations; such ranges do not overlap.
OF_AN_EVENT = """
    SELECT handler, events, microseconds, statements, at FROM (
        SELECT * FROM inspection_handlertiming
            WHERE correlation_id = %(correlation_id)s AND first <= %(position)s
                AND last >= %(position)s
        UNION ALL
        SELECT found.* FROM unnest(%(names)s::text[]) AS name, LATERAL (
            SELECT * FROM inspection_handlertiming WHERE handler = name AND last >= %(position)s
                AND correlation_id IS NULL ORDER BY last LIMIT 1) AS found
            WHERE first <= %(position)s) AS heard
    ORDER BY id"""

_waiting: deque[tuple[Any, ...]] = deque(maxlen=WAITING)
_begun, _beginning = False, Lock()
# When the last handler of a transaction was done: from then on it commits.
_done: ContextVar[float] = ContextVar("done", default=0.0)


@contextmanager
def timed(name: str, events: Sequence[RecordedEvent[Any]]) -> Generator[None, None, None]:
    """For `settings.AROUND_HANDLERS`: one of `TIMINGS_ONE_OF`, by the correlation id of its first
    event, is kept if the transaction commits. What is put aside travels
    with COMMIT, and is timed as such."""
    # All handlers of one request, or none: else COMMIT would be timed from another one's end.
    if events[0].correlation_id.int % getattr(settings, "TIMINGS_ONE_OF", 16):
        yield
        return
    begun = perf_counter()
    with counted() as statements:
        yield
        many = statements()
    done = perf_counter()
    _done.set(done)
    called = partial(_committed, name, events, done - begun, many, done)
    transaction.on_commit(called, robust=True)


def _committed(
    name: str, events: Sequence[RecordedEvent[Any]], seconds: float, statements: int, done: float
) -> None:
    # Not before: whoever asks for a position has what was put aside sent at once.
    first, last = events[0].position, events[-1].position
    correlation: UUID | None = events[0].correlation_id
    if len(events) > 1 and any(event.correlation_id != correlation for event in events):
        correlation = None
    what = (timezone.now(), correlation, first, last, len(events))
    _waiting.append((name, round(seconds * 1_000_000), statements, *what))
    if _done.get() == done:  # it was the transaction's last
        took = round((perf_counter() - done) * 1_000_000)
        _waiting.append((COMMIT, took, getattr(connection, "travelled", 1), *what))
    begin_writing()


def begin_writing() -> None:
    """In a thread of its own, once in each process; not sooner, because gunicorn forks."""
    global _begun
    if _begun:
        return
    with _beginning:
        if not _begun:
            _begun = True
            Thread(target=_write_for_ever, daemon=True, name="timings").start()


def _write_for_ever() -> None:
    while True:
        sleep(EVERY)
        with suppress(Exception):  # the next one may go well
            flush()
        connection.close()


def flush() -> None:
    """Write what is waiting."""
    some = [_waiting.popleft() for _ in range(len(_waiting))]
    if not some:
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            # By one statement: Django's own takes many times as long for each row.
            cursor.execute(INSERT, [list(column) for column in zip(*some, strict=True)])
        trim()


def trim() -> None:
    """Delete what is older than `settings.TIMINGS_KEPT_DAYS`, or more than `TIMINGS_KEPT`."""
    newest = HandlerTiming.objects.aggregate(Max("id"))["id__max"] or 0
    many: int = getattr(settings, "TIMINGS_KEPT", 100_000)
    days: int = getattr(settings, "TIMINGS_KEPT_DAYS", 7)
    too_old = Q(at__lt=timezone.now() - timedelta(days=days))
    first = HandlerTiming.objects.order_by("id")[:MOST_TRIMMED]
    oldest = HandlerTiming.objects.filter(id__in=first.values("id"))
    oldest.filter(too_old | Q(id__lte=newest - many)).delete()


Timing = dict[str, Any]


def of_event(event: RecordedEvent[Any], names: Sequence[str]) -> list[Timing]:
    """Who heard an event, how long each took (in milliseconds), and with how many statements."""
    if not _are_taken():
        return []
    places = {"correlation_id": event.correlation_id, "position": event.position}
    columns = ("handler", "events", "microseconds", "statements", "at")
    found = rows(OF_AN_EVENT, {**places, "names": list(names)})
    timings = [dict(zip(columns, row, strict=True)) for row in found]
    return [{**one, "milliseconds": one["microseconds"] / 1000} for one in timings]


def slowest() -> list[Timing]:
    """The handlers among the newest 10,000 calls, the slowest first."""
    if not _are_taken():
        return []
    columns = ("handler", "calls", "half", "most", "slowest", "statements", "position")
    found = [dict(zip(columns, row, strict=True)) for row in rows(SLOWEST, [])]
    return [
        {**one, **{name: one[name] / 1000 for name in ("half", "most", "slowest")}} for one in found
    ]


def _are_taken() -> bool:
    """Otherwise no page pays for a query that finds nothing."""
    return f"{__name__}.timed" in getattr(settings, "AROUND_HANDLERS", ())
