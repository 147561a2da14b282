"""Keep how long each projection and policy took, and how many statements it sent.

Commands do not write these rows. Each process has a thread that writes them once a second, so that
a command only reads the clock twice. When a process ends, rows that it has not written are lost.
"""

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
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
from ..messaging.around import log_failure, observing
from .looking import rows
from .models import HandlerTiming

EVERY = 1.0  # seconds between two writes
WAITING = 10_000  # rows that wait to be written at most; of more, the oldest are dropped
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
# The calls that handled one event, in their order. A worker calls a projection with a range of
# events, of many correlations; the ranges of one projection do not overlap.
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
# The time at which the last handler of a transaction returned, and its COMMIT began.
_done: ContextVar[float] = ContextVar("done", default=0.0)


@observing
def timed(name: str, events: Sequence[RecordedEvent[Any]]) -> Generator[None, None, None]:
    """A context manager for `settings.AROUND_HANDLERS`, which keeps a call's time if it commits.

    It keeps the calls of one correlation in `TIMINGS_ONE_OF`, as the id of the first event decides.
    Statements that wait to be sent with COMMIT (see `later`) count as part of COMMIT.
    """
    # Either all handlers of a request are timed, or none. Otherwise the time of COMMIT would begin
    # with the end of a handler that was not the last.
    if events[0].correlation_id.int % getattr(settings, "TIMINGS_ONE_OF", 16):
        yield
        return
    begun = perf_counter()
    with counted() as statements:
        yield
        sent = statements()
    done = perf_counter()
    _done.set(done)
    committed = partial(_committed, name, events, done - begun, sent, done)
    transaction.on_commit(committed, robust=True)


def _committed(
    name: str, events: Sequence[RecordedEvent[Any]], seconds: float, statements: int, done: float
) -> None:
    # Not read before the commit: reading a position sends the statements that wait.
    first, last = events[0].position, events[-1].position
    correlation: UUID | None = events[0].correlation_id
    if len(events) > 1 and any(event.correlation_id != correlation for event in events):
        correlation = None
    row = (timezone.now(), correlation, first, last, len(events))
    _waiting.append((name, round(seconds * 1_000_000), statements, *row))
    if _done.get() == done:  # this was the last handler of its transaction
        commit = round((perf_counter() - done) * 1_000_000)
        _waiting.append((COMMIT, commit, getattr(connection, "travelled", 1), *row))
    begin_writing()


def begin_writing() -> None:
    """Start the thread that writes, if this process has none yet.

    A thread that started earlier, before gunicorn forks, would not run in its workers.
    """
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
        try:
            with closing(connection):  # after a failure, too: a new one may do better
                flush()
        except Exception as error:
            log_failure(__name__, error)


def flush() -> None:
    """Write the rows that wait."""
    waiting = [_waiting.popleft() for _ in range(len(_waiting))]
    if not waiting:
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            # One statement: Django's bulk_create takes many times as long for each row.
            cursor.execute(INSERT, [list(column) for column in zip(*waiting, strict=True)])
        trim()


def trim() -> None:
    """Delete rows older than `settings.TIMINGS_KEPT_DAYS`, and all but the newest `TIMINGS_KEPT`.

    It deletes up to `MOST_TRIMMED` rows.
    """
    newest = HandlerTiming.objects.aggregate(Max("id"))["id__max"] or 0
    most: int = getattr(settings, "TIMINGS_KEPT", 100_000)
    days: int = getattr(settings, "TIMINGS_KEPT_DAYS", 7)
    too_old = Q(at__lt=timezone.now() - timedelta(days=days))
    first = HandlerTiming.objects.order_by("id")[:MOST_TRIMMED]
    oldest = HandlerTiming.objects.filter(id__in=first.values("id"))
    oldest.filter(too_old | Q(id__lte=newest - most)).delete()


Timing = dict[str, Any]


def of_event(event: RecordedEvent[Any], names: Sequence[str]) -> list[Timing]:
    """The calls that handled an event, each with its milliseconds and its number of statements.

    `names` are those of the handlers that hear this event.
    """
    if not _are_taken():
        return []
    places = {"correlation_id": event.correlation_id, "position": event.position}
    columns = ("handler", "events", "microseconds", "statements", "at")
    calls = rows(OF_AN_EVENT, {**places, "names": list(names)})
    timings = [dict(zip(columns, call, strict=True)) for call in calls]
    return [{**timing, "milliseconds": timing["microseconds"] / 1000} for timing in timings]


def slowest() -> list[Timing]:
    """The handlers in the newest 10,000 calls, the slowest first; times are in milliseconds.

    `half` is the median, `most` the time that 99 of 100 calls stayed below.
    """
    if not _are_taken():
        return []
    columns = ("handler", "calls", "half", "most", "slowest", "statements", "position")
    handlers = [dict(zip(columns, row, strict=True)) for row in rows(SLOWEST, [])]
    times = ("half", "most", "slowest")
    return [{**each, **{name: each[name] / 1000 for name in times}} for each in handlers]


def _are_taken() -> bool:
    """Whether timings are kept at all. If not, no page pays for a query that finds nothing."""
    return f"{__name__}.timed" in getattr(settings, "AROUND_HANDLERS", ())
