"""Read a stream, and read the whole log without missing events whose transactions commit late."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import NotSupportedError, connection

from .contracts import Event
from .recorded import SELECT, E, RecordedEvent, StreamName, query
from .statements import send

BATCH = 1000  # rows that are read at once

# Each writer holds this advisory lock, in shared mode, from its first statement to its end. So its
# holders are the transactions whose events may still appear. Its key is two numbers, because
# Postgres keeps such keys apart from those of the streams, which are single ones of 64 bits.
APPEND_LOCK = (0x6576656E, 0x74730000)
# Read max() first and the writers afterwards. All positions below it were handed out before, so the
# transactions that got them have committed, have rolled back, or are among these writers.
LAST_POSITION = "SELECT coalesce(max(position), 0) FROM eventstore_event"
HOLDERS = """
    FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND objsubid = 2
      AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
# Why this session cannot see the writers, or must not wait for them. A standby does not show the
# locks of the primary. A snapshot of another isolation level may be older than the writers. And a
# writer must not wait for others, which may wait for its locks.
BLIND = f"""
    SELECT CASE WHEN pg_is_in_recovery() THEN 'on the primary, not on a standby'
        WHEN isolation <> 'read committed' THEN 'under READ COMMITTED, not ' || upper(isolation)
        WHEN EXISTS (SELECT {HOLDERS} AND pid = pg_backend_pid() AND mode = 'ShareLock' AND %s)
            THEN 'before or after a transaction that locks streams, not in it' END
    FROM current_setting('transaction_isolation') AS isolation
"""  # noqa: S608 (no input in it)
# IS DISTINCT FROM, because a prepared transaction (two-phase commit) has no pid.
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

    The oldest comes first, or the newest if `backwards`. Events are read a batch at a time, so a
    long stream takes no more memory than a short one. A stream without events yields none. Raises
    `UnreadableEvent` at an event that the code cannot read.
    """
    sql = f"{WITHIN} {'DESC' if backwards else 'ASC'} LIMIT %s"
    while limit > 0 and (events := query(sql, [name, after, before, min(limit, BATCH)])):
        yield from events
        limit -= len(events)
        end = events[-1].version
        after, before = (after, end) if backwards else (end, before)


def last_event(name: StreamName[E]) -> RecordedEvent[E] | None:
    """The last event of a stream, which is not locked; None if the stream has none."""
    return next(read(name, backwards=True, limit=1), None)


def read_all(after: int = 0) -> Iterator[RecordedEvent[Event]]:
    """All settled events after a position, in the order of positions.

    To go on later, call it again with the position of the last event that you have handled. No
    event is missed and none comes twice, however late transactions commit. At a gap that may still
    be filled, it waits for the transactions that can fill it, and nobody has to wait for it.

    Raises `NotSupportedError` where it could miss events or wait for ever: on a standby, in a
    transaction that is not READ COMMITTED (the default), and in one that has locked streams. Raises
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
    """The last position of the log, returned when no event can appear below it any more.

    Positions are handed out before the commit, so a lower one can become visible after a higher
    one. This waits until all transactions have ended that hold the append lock now. A position that
    is missing after that was rolled back. Raises `NotSupportedError` as `read_all` does. Marten
    calls such a position the high-water mark.
    """
    [[position]] = send(LAST_POSITION, [])
    _require_sight()
    waiting_for = _writers()
    # It asks again and again. If it waited for the lock itself, in exclusive mode, each later
    # writer would have to wait behind it.
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
