"""Keep how long each projection and policy took, and how many statements it sent.

Commands do not write these rows. Each process has a thread that writes them once a second, so that
a command only reads the clock twice. When a process ends, rows that it has not written are lost.
"""

from collections.abc import Generator, Sequence
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils import timezone

from ..eventstore import RecordedEvent
from ..eventstore.statements import counted
from ..messaging.observing import Aside, observing_if
from .looking import rows
from .models import HandlerTiming

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

# The time at which the last handler of a transaction returned, and its COMMIT began.
_done: ContextVar[float] = ContextVar("done", default=0.0)


def _is_timed(name: str, events: Sequence[RecordedEvent[Any]]) -> bool:
    # Either all handlers of a request are timed, or none. Otherwise the time of COMMIT would begin
    # with the end of a handler that was not the last. By the id's text: a UUID takes longer to make
    # than all else here.
    id_of_correlation: str = events[0].row[7]
    return not int(id_of_correlation[-12:], 16) % getattr(settings, "TIMINGS_ONE_OF", 32)


@observing_if(_is_timed)
def timed(name: str, events: Sequence[RecordedEvent[Any]]) -> Generator[None, None, None]:
    """A context manager for `settings.AROUND_HANDLERS`, which keeps a call's time if it commits.

    It keeps the calls of one correlation in `TIMINGS_ONE_OF`, as the id of the first event decides.
    Statements that wait to be sent with COMMIT (see `later`) count as part of COMMIT.
    """
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
    ASIDE.put((name, round(seconds * 1_000_000), statements, *row))
    if _done.get() == done:  # this was the last handler of its transaction
        commit = round((perf_counter() - done) * 1_000_000)
        ASIDE.put((COMMIT, commit, getattr(connection, "travelled", 1), *row))


def _write(rows: Sequence[Sequence[Any]]) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            # One statement: Django's bulk_create takes many times as long for each row.
            cursor.execute(INSERT, [list(column) for column in zip(*rows, strict=True)])
        trim()


# A thread that kept its connection would be in the way of whoever wants to drop the database.
ASIDE: Aside[Sequence[Any]] = Aside(__name__, _write, WAITING, after=lambda: connection.close())


def trim() -> None:
    """Delete rows older than `settings.TIMINGS_KEPT_DAYS`, and all but the newest `TIMINGS_KEPT`.

    It deletes up to `MOST_TRIMMED` rows, and begins when there is a tenth more than are to stay:
    with each write it would take longer than that.
    """
    most: int = getattr(settings, "TIMINGS_KEPT", 100_000)
    days: int = getattr(settings, "TIMINGS_KEPT_DAYS", 7)
    first = HandlerTiming.objects.order_by("id").first()
    if first is None:
        return
    too_many = (HandlerTiming.objects.aggregate(Max("id"))["id__max"] or 0) - most
    too_old = timezone.now() - timedelta(days=days)
    if first.pk <= too_many - most // 10 or first.at < too_old:
        oldest = HandlerTiming.objects.filter(id__lt=first.pk + MOST_TRIMMED)
        oldest.filter(Q(at__lt=too_old) | Q(id__lte=too_many)).delete()


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
