"""Reading: a stream, and the whole log without missing what commits late."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import NotSupportedError, connection

from .contracts import Event
from .recorded import SELECT, E, RecordedEvent, StreamName, query
from .statements import send

BATCH = 1000

# Every writer holds this advisory lock, shared, from its first statement to its end; so those who
# hold it are those whose events may be on their way. Two numbers, because Postgres keeps such keys
# apart from the 64-bit keys of the streams.
APPEND_LOCK = (0x6576656E, 0x74730000)
# max() first, the writers afterwards: a position below it was handed out before, so the transaction
# that got it has committed, has given up, or is among them.
LAST_POSITION = "SELECT coalesce(max(position), 0) FROM eventstore_event"
HOLDERS = """
    FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND objsubid = 2
      AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
# A standby does not show who writes. And a writer must not wait for others, which may wait for it.
BLIND = f"""
    SELECT CASE WHEN pg_is_in_recovery() THEN 'on the primary, not on a standby'
        WHEN isolation <> 'read committed' THEN 'under READ COMMITTED, not ' || upper(isolation)
        WHEN EXISTS (SELECT {HOLDERS} AND pid = pg_backend_pid() AND mode = 'ShareLock' AND %s)
            THEN 'before or after a transaction that locks streams, not in it' END
    FROM current_setting('transaction_isolation') AS isolation
"""  # noqa: S608 (no input in it)
# A prepared transaction has no pid.
WRITERS = "SELECT virtualtransaction" + HOLDERS + "AND pid IS DISTINCT FROM pg_backend_pid()"  # noqa: S608
WITHIN = SELECT + "WHERE stream = %s AND version > %s AND version < %s ORDER BY version"
WHOLE_LOG = SELECT + "WHERE position > %s AND position <= %s ORDER BY position LIMIT %s"
CAUSED_BY = SELECT + "WHERE causation_id = %s ORDER BY position"

END = 2**63 - 1


def read(
    name: StreamName[E],
    *,
    after: int = 0,
    before: int = END,
    backwards: bool = False,
    limit: int = END,
) -> Iterator[RecordedEvent[E]]:
    """The events of a stream with versions between `after` and `before`, both exclusive.

    Oldest first, or newest first if `backwards`; at most `limit`. They are read a batch at a time,
    so a long stream takes no more memory than a short one. A stream that nobody has written to has
    none. Raises `UnreadableEvent` at an event that the code cannot read.
    """
    sql = f"{WITHIN} {'DESC' if backwards else 'ASC'} LIMIT %s"
    while limit > 0 and (events := query(sql, [name, after, before, min(limit, BATCH)])):
        yield from events
        limit -= len(events)
        end = events[-1].version
        after, before = (after, end) if backwards else (end, before)


def last_event(name: StreamName[E]) -> RecordedEvent[E] | None:
    """The last event of a stream, as it is now; None when the stream has none."""
    return next(read(name, backwards=True, limit=1), None)


def read_all(after: int = 0) -> Iterator[RecordedEvent[Event]]:
    """All events after a position, in the order of positions, as far as they are settled.

    To go on later, call it again with the position of the last event you have dealt with: none is
    missed and none comes twice, however late its transaction commits. Where a gap may still be
    filled this waits for the transactions that can fill it, and holds up nobody else.

    Raises `NotSupportedError` where it could miss events or wait for ever: on a standby, in a
    transaction that is not READ COMMITTED, the default, and in one that has locked streams. Raises
    `UnreadableEvent` at an event that the code cannot read.
    """
    _require_sight()
    settled = after
    while events := query(WHOLE_LOG, [after, END, BATCH]):
        if events[-1].position > max(settled, after + len(events)):  # there is a gap
            settled = settled_position()
            events = query(WHOLE_LOG, [after, settled, BATCH])
        yield from events
        after = events[-1].position


def settled_position() -> int:
    """A position up to which no event can appear any more: the last one, once it is safe.

    Positions are handed out before the commit, so a lower one can become visible later than a
    higher one. What is still missing when all who held the append lock have ended was rolled back.
    Marten calls this the high-water mark; its gap detection waits for transactions too.
    """
    [[position]] = send(LAST_POSITION, [])
    _require_sight()
    waiting_for = _writers()
    # Asking again and again instead of queueing for the lock: a session that waits for it
    # exclusively makes every writer that comes later wait as well.
    while waiting_for := waiting_for & _writers():
        time.sleep(0.005)
    return int(position)


def caused_by(causation_id: UUID) -> list[RecordedEvent[Any]]:
    """The events that a command or an event directly caused, in the order of the log."""
    return query(CAUSED_BY, [causation_id])


def _require_sight() -> None:
    in_test = any(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
    [[remedy]] = send(BLIND, [*APPEND_LOCK, not in_test])
    if remedy:
        raise NotSupportedError(f"Read the log {remedy}: events that commit late would be missed.")


def _writers() -> set[str]:
    return {transaction for (transaction,) in send(WRITERS, APPEND_LOCK)}
