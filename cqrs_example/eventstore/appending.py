"""Append events to streams that are locked: the second half of a write."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from functools import partial
from typing import Any, Generic, NamedTuple, cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
from django.db import DatabaseError, IntegrityError, connection

from .codecs import as_json, read_back, written
from .contracts import decode
from .recorded import E, RecordedEvent
from .statements import Answer, later
from .streams import Accepts, Held

# One statement, with one parameter for any number of events and streams. For one event it is as
# fast as VALUES, and for a thousand it is faster than arrays.
APPEND = """
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,
        correlation_id, causation_id, metadata, recorded_at, occurred_at)
    SELECT id, stream, version, type, schema_version, data, %s, %s, %s, %s, occurred_at
    FROM jsonb_to_recordset(%s::jsonb) AS new (id uuid, stream text, version int, type text,
        schema_version int, data jsonb, occurred_at timestamptz)
    RETURNING position
"""
NEW = ("id", "stream", "version", "type", "schema_version", "data", "occurred_at")


class WrongExpectedVersion(DatabaseError):
    """The stream is at another version than the writer expected."""


class DuplicateEvent(DatabaseError):
    """The log already has an event with this id."""


CONSTRAINTS = {"eventstore_event_id": DuplicateEvent, "eventstore_version": WrongExpectedVersion}


class NewEvent(NamedTuple, Generic[E]):
    """An event to append to a stream; `occurred_at` is given if it did not occur just now."""

    stream: Accepts[E]
    data: E
    occurred_at: datetime | None = None


def append(
    stream: Accepts[E], events: Sequence[E], *, expected_version: int | None = None, **origin: Any
) -> list[RecordedEvent[E]]:
    """Append events to one stream; see `append_many`.

    Raises `WrongExpectedVersion` if `expected_version` is given and the stream is at another one.
    """
    expect(stream, expected_version)
    return append_many([NewEvent(stream, event) for event in events], **origin)


def expect(stream: Accepts[E], version: int | None) -> None:
    """Raise `WrongExpectedVersion` if a version is given and the stream is at another one."""
    if version not in (None, stream.version):
        raise WrongExpectedVersion(f"{stream.name} is at version {stream.version}, not {version}.")


def append_many(
    new: Sequence[NewEvent[E]],
    *,
    ids: Sequence[UUID | str] | None = None,
    correlation_id: UUID | None = None,
    causation_id: UUID | None = None,
    metadata: Mapping[str, Any] | None = None,
    insert: Callable[[Sequence[RecordedEvent[Any]]], None] = lambda events: _insert(events),
) -> list[RecordedEvent[E]]:
    """Append events to streams that `lock` returned, in this order, with one statement.

    ids             UUIDs or their texts; by default random ones
    causation_id    by default the id of the first event
    correlation_id  by default the causation id
    metadata        any values that JSON can hold
    insert          a function that gives the events their positions, for another kind of log

    The statement is sent with the next one or with COMMIT. Its errors are raised there:
    `DuplicateEvent` if the log has an id already, and `WrongExpectedVersion` if somebody has
    written to a stream without locking it. Then the transaction can only be rolled back.

    An event that would read back as another one is refused at once, with `TypeError`, or with
    `ValueError` if JSON cannot hold it. Raises `RuntimeError` outside a transaction, and if the
    locks were lost in the rollback of a savepoint.
    """
    if not new:
        return []
    ids = ids or [uuid4() for _ in new]
    cause = causation_id or ids[0]
    held = Held(_time({event.stream.held for event in new}))
    origin = str(correlation_id or cause), str(cause), as_json(metadata or {})
    numbered = zip(new, _versions(new), ids, strict=True)
    events = [_without_position(*item, origin, held.at) for item in numbered]
    insert(events)
    for item, event in zip(new, events, strict=True):
        item.stream.reached(event, held)
    return events


def _time(locks: Set[Held]) -> datetime:
    """The time for `recorded_at`: that of the last lock, in the time zone of the session."""
    if any(not {*held.savepoints} <= {None, *connection.savepoint_ids} for held in locks):
        raise RuntimeError("Lock the streams again: the block in which they were locked has ended.")
    return max(held.at for held in locks).astimezone(ZoneInfo(connection.timezone_name))


def _versions(new: Sequence[NewEvent[E]]) -> Iterator[int]:
    versions = {stream.name: stream.version for stream, _, _ in new}
    for stream, _, _ in new:
        versions[stream.name] += 1
        yield versions[stream.name]


def _without_position(
    new: NewEvent[E], version: int, event_id: UUID | str, origin: Sequence[str], at: datetime
) -> RecordedEvent[E]:
    """The event as a read will return it, except for its position, which the INSERT returns."""
    data, moment = written(new.data), new.occurred_at or at
    when = (moment if moment.tzinfo else moment.replace(tzinfo=at.tzinfo)).astimezone(at.tzinfo)
    row: list[Any] = [None, str(event_id), str(new.stream.name), version, new.data.type]
    row += [new.data.schema_version, data, *origin, at.isoformat(), when.isoformat()]
    return RecordedEvent(row, read_back(new.data, data, decode))


def _insert(events: Sequence[RecordedEvent[Any]]) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("Append inside transaction.atomic(), where the streams are locked.")
    rows = [dict(zip(NEW, (*event.row[1:7], event.row[11]), strict=True)) for event in events]
    later(APPEND, [*events[0].row[7:11], as_json(rows)], partial(_number, events))


def _number(events: Sequence[RecordedEvent[Any]], answer: Answer) -> None:
    try:
        rows = answer()
    except IntegrityError as error:
        # Unique constraints are the last line of defence: raise them as errors of this block.
        constraint = cast(psycopg.Error, error.__cause__).diag.constraint_name or ""
        if constraint not in CONSTRAINTS:
            raise
        raise CONSTRAINTS[constraint](str(error)) from error
    for event, (position,) in zip(events, rows, strict=True):
        cast(list[Any], event.row)[0] = position
