"""Seal the log: a chain of digests over its events, by which a later change to them is found.

Each seal holds a digest of the previous seal and of up to `RANGE` events, as in the hash chains of
Haber and Stornetta (1991). Digests are made of the stored values, so upcasters do not matter.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection
from django.db.models import Sum

from ..operations.waiting import settled_and_told
from ..progress import counted
from .models import Seal
from .replay import Watch
from .runs import Result
from .sessions import column, session

RANGE = 10_000  # events of one seal at most

# An event as a JSON array. The text of jsonb has been the same since Postgres 9.4: it does not
# depend on time zone, DateStyle or locale, and pg_dump writes it. Times are microseconds since
# 1970, since their text depends on the session. The encoding is UTF-8 in any database.
DIGEST = """
    SELECT count(*), max(position), encode(sha256(
        convert_to(%s, 'UTF8') || coalesce(string_agg(digest, '' ORDER BY position), '')), 'hex')
    FROM (
        SELECT position, sha256(convert_to(jsonb_build_array(
            position, id, stream, version, type, schema_version, data, correlation_id,
            causation_id, metadata, trunc(extract(epoch FROM recorded_at) * 1000000),
            trunc(extract(epoch FROM occurred_at) * 1000000))::text, 'UTF8')) AS digest
        FROM eventstore_event WHERE position > %s AND position <= %s ORDER BY position LIMIT %s
    ) AS events
"""
# Without a lock, two runs at the same time would both continue the same seal.
ALONE = "SELECT pg_advisory_lock(hashtext('seal_log'), 0)"


class Sealed(NamedTuple):
    """The number of events, the position of the last one (None without events), and the digest."""

    events: int
    upto: int | None
    digest: str


def seal_log(watch: Watch) -> Result:
    """Seal all events that are settled and not sealed yet. No writer waits for it."""
    with session():
        column(ALONE)  # until this session ends
        settled = settled_and_told("seal_log")
        while _seal_next(settled):
            pass
        last = Seal.objects.last()
        if last is None:
            return Result("there are no events to seal")
        events = Seal.objects.aggregate(Sum("events"))["events__sum"]
    sealed = counted(events, "event is sealed", "events are sealed")
    return Result(f"{sealed}, up to position {last.upto}: {last.digest}")


def differing_seals(expected: str | None) -> Iterator[str]:
    """A sentence for each range of events that differs from its seal, in the order of the log, and
    one if no seal has the `expected` digest."""
    after, previous = 0, ""
    for seal in Seal.objects.iterator():
        now = _sealed(seal.previous, after, seal.upto)
        if seal.previous != previous:
            yield (
                f"the seal up to position {seal.upto} does not continue the one before it, up to"
                f" {after}: a seal was changed or taken away"
            )
        elif now != (seal.events, seal.upto, seal.digest):
            yield (
                f"the events from position {after + 1} to {seal.upto} are not those that were"
                f" sealed: {_compared(seal.events, now.events)}"
            )
        after, previous = seal.upto, seal.digest
    if expected and not Seal.objects.filter(digest=expected).exists():
        yield (
            f"no seal has the digest {expected}: seals were changed or taken away since it was"
            " printed, or this is another database or an older backup"
        )


def _compared(sealed: int, found: int) -> str:
    """Numbers of events, and their digests where the numbers agree."""
    if sealed == found:
        return (
            f"the digest over all {found:,} of them is another one, so one was changed or replaced"
        )
    return f"the seal counted {sealed:,} when it was made, and the log has {found:,} there now"


def sealed_position() -> int | None:
    """The position up to which the log is sealed, or None without a seal."""
    return Seal.objects.values_list("upto", flat=True).last()


def _seal_next(settled: int) -> bool:
    """Seal the next range in a transaction of its own; returns False if there is none."""
    last = Seal.objects.last()
    after, previous = (last.upto, last.digest) if last else (0, "")
    events, upto, digest = _sealed(previous, after, settled, RANGE)
    if upto is None:
        return False
    Seal.objects.create(upto=upto, events=events, previous=previous, digest=digest)
    return True


def _sealed(previous: str, after: int, upto: int, limit: int | None = None) -> Sealed:
    with connection.cursor() as cursor:
        cursor.execute(DIGEST, [previous, after, upto, limit])
        return Sealed(*cursor.fetchone())
