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

# One statement and one parameter for any number of events and streams: as fast as VALUES for one
# event, faster than arrays for a thousand.
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
    """The stream is not at the version that the writer believed."""


class DuplicateEvent(DatabaseError):
    """An event with this id is in the log already."""


CONSTRAINTS = {"eventstore_event_id": DuplicateEvent, "eventstore_version": WrongExpectedVersion}


class NewEvent(NamedTuple, Generic[E]):
    """An event on its way into a stream; `occurred_at` where it is known to differ from now."""

    stream: Accepts[E]
    data: E
    occurred_at: datetime | None = None


def append(
    stream: Accepts[E], events: Sequence[E], *, expected_version: int | None = None, **origin: Any
) -> list[RecordedEvent[E]]:
    """Append events to one stream; see `append_many`. No events: nothing happens.

    Raises `WrongExpectedVersion` when `expected_version` is given and the stream is elsewhere.
    """
    expect(stream, expected_version)
    return append_many([NewEvent(stream, event) for event in events], **origin)


def expect(stream: Accepts[E], version: int | None) -> None:
    """Raise `WrongExpectedVersion` when a version is given and the stream is elsewhere."""
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

    `ids` are UUIDs, or their texts; without them each event gets a random one. Without a
    `causation_id` the first id is the cause of all, and without a `correlation_id` the cause is
    what they have in common. `metadata` is anything that JSON can hold. `insert` is for
    other logs: it gives events their positions.

    The statement travels with the next one, or with COMMIT. So it is there that `DuplicateEvent` is
    raised when an id is taken, and `WrongExpectedVersion` when somebody wrote to a stream without
    locking it. The transaction can only be rolled back then. What would read back as something
    else is refused at once: `TypeError`, or `ValueError` where JSON cannot hold it.
    """
    if not new:
        return []
    ids = ids or [uuid4() for _ in new]
    cause = causation_id or ids[0]
    held = Held(_time({event.stream.held for event in new}))
    origin = str(correlation_id or cause), str(cause), as_json(metadata or {})
    each = zip(new, _versions(new), ids, strict=True)
    events = [_unnumbered(*item, origin, held.at) for item in each]
    insert(events)
    for item, event in zip(new, events, strict=True):
        item.stream.reached(event, held)
    return events


def _time(of: Set[Held]) -> datetime:
    if any(not {*held.savepoints} <= {None, *connection.savepoint_ids} for held in of):
        raise RuntimeError("Lock the streams again: the block in which they were locked has ended.")
    # In the zone in which a session reads times.
    return max(held.at for held in of).astimezone(ZoneInfo(connection.timezone_name))


def _versions(new: Sequence[NewEvent[E]]) -> Iterator[int]:
    reached = {stream.name: stream.version for stream, _, _ in new}
    for stream, _, _ in new:
        reached[stream.name] += 1
        yield reached[stream.name]


def _unnumbered(
    new: NewEvent[E], version: int, event_id: UUID | str, origin: Sequence[str], at: datetime
) -> RecordedEvent[E]:
    """The event as a read will give it, but for its position, which comes with the INSERT."""
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
        # The last line of defence, in the words of the event store.
        constraint = cast(psycopg.Error, error.__cause__).diag.constraint_name or ""
        if constraint not in CONSTRAINTS:
            raise
        raise CONSTRAINTS[constraint](str(error)) from error
    for event, (position,) in zip(events, rows, strict=True):
        cast(list[Any], event.row)[0] = position
