"""Writing: lock streams, decide, append."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast, overload
from uuid import UUID, uuid4

import psycopg
from django.db import IntegrityError, connection

from .codecs import as_json, require_unchanged, written
from .contracts import Event
from .log import APPEND_LOCK, read
from .recorded import COLUMNS, E, RecordedEvent, StreamName, write

E_contra = TypeVar("E_contra", bound=Event, contravariant=True)
A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)

# Locks live in shared memory until the commit, and there is room for a few thousand in all.
MOST_STREAMS = 1000

LOCK = f"SELECT {COLUMNS} FROM eventstore_lock(%s::int, %s::int, %s::jsonb)"  # noqa: S608 (no input in it)

# One statement and one parameter for any number of events and streams: as fast as VALUES for one
# event, faster than arrays for a thousand. statement_timestamp(), because now() is when the
# transaction began: before the event that it had to wait for.
APPEND = f"""
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,
        correlation_id, causation_id, metadata, recorded_at, occurred_at)
    SELECT id, stream, version, type, schema_version, data,
        %s, %s, %s, statement_timestamp(), coalesce(occurred_at, statement_timestamp())
    FROM jsonb_to_recordset(%s) AS new (id uuid, stream text, version int, type text,
        schema_version int, data jsonb, occurred_at timestamptz)
    RETURNING {COLUMNS}
"""  # noqa: S608 (no input in it)


class WrongExpectedVersion(Exception):
    """The stream is not at the version that the writer believed."""


class DuplicateEvent(Exception):
    """An event with this id is in the log already."""


CONSTRAINTS = {"eventstore_event_id": DuplicateEvent, "eventstore_version": WrongExpectedVersion}


class Accepts(Protocol[E_contra]):
    """A stream that may hold these events. A `Stream[Opened | Deposited]` accepts each of the two:
    so `append` returns what was appended, and not all that the stream could hold."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    def reached(self, event: RecordedEvent[E_contra]) -> None: ...


@dataclass
class Stream(Generic[E]):
    """A stream that this transaction has locked: nobody else can append to it before the end.

    `last` is its last event (None: it has none yet); iterating over the stream reads all of them.
    After a savepoint was rolled back, lock again: this does not know of it.
    """

    name: StreamName[E]
    last: RecordedEvent[E] | None = None

    @property
    def version(self) -> int:
        """That of its last event; 0: no event yet."""
        return self.last.version if self.last else 0

    def reached(self, event: RecordedEvent[E]) -> None:
        """This event is the last one from now on."""
        self.last = event

    def __iter__(self) -> Iterator[RecordedEvent[E]]:
        return read(self.name)


class NewEvent(NamedTuple, Generic[E]):
    """An event on its way into a stream; `occurred_at` where it is known to differ from now."""

    stream: Accepts[E]
    data: E
    occurred_at: datetime | None = None


@overload
def lock(*names: StreamName[E]) -> tuple[Stream[E], ...]: ...
@overload
def lock(first: StreamName[A], second: StreamName[B], /) -> tuple[Stream[A], Stream[B]]: ...
@overload
def lock(*names: StreamName[Any]) -> tuple[Stream[Any], ...]: ...
def lock(*names: StreamName[Any]) -> tuple[Stream[Any], ...]:
    """Lock streams until the transaction ends, and say where they are; in the order asked for.

    Make it the first statement of the transaction, and name all streams at once. Two transactions
    that lock the same streams one after the other, in opposite order, wait for each other. The type
    checker knows the events of streams of one kind, and of two; more kinds are `Stream[Any]`.

    Raises `RuntimeError` outside a transaction, and `ValueError` for more than 1,000 streams.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Lock streams inside transaction.atomic(): the locks end with it.")
    if len(set(names)) > MOST_STREAMS:
        raise ValueError(f"Lock at most {MOST_STREAMS:,} streams in one transaction: use chunks.")
    last = {event.stream: event for event in write(LOCK, [*APPEND_LOCK, as_json(names)])}
    streams = {name: Stream(name, last.get(name)) for name in names}
    return tuple(streams[name] for name in names)


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
    ids: Sequence[UUID] | None = None,
    correlation_id: UUID | None = None,
    causation_id: UUID | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> list[RecordedEvent[E]]:
    """Append events to streams that `lock` returned, in this order, with one statement.

    Without `ids` each event gets a random one. Without a `causation_id` the first id is the cause
    of all, and without a `correlation_id` the cause is what they have in common. `metadata` is
    anything that JSON can hold.

    Raises `DuplicateEvent` when an id is taken, and `WrongExpectedVersion` when somebody wrote to
    a stream without locking it. The transaction can only be rolled back then.
    """
    if not new:
        return []
    ids = ids or [uuid4() for _ in new]
    causation_id = causation_id or ids[0]
    texts = as_json(metadata or {}), as_json(as_rows(new, ids))
    try:
        events = write(APPEND, [correlation_id or causation_id, causation_id, *texts])
    except IntegrityError as error:
        # The last line of defence, in the words of the event store.
        constraint = cast(psycopg.Error, error.__cause__).diag.constraint_name or ""
        raise CONSTRAINTS.get(constraint, IntegrityError)(str(error)) from error
    reach(new, events)
    return events


def as_rows(new: Sequence[NewEvent[E]], ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """What is to be recorded, by column: the versions go on from those of the streams."""
    return [_row(*one) for one in zip(ids, _versions(new), new, strict=True)]


def reach(new: Sequence[NewEvent[E]], events: Sequence[RecordedEvent[E]]) -> None:
    """Let the streams know their last events; raises `TypeError` where one differs from what was
    to be recorded."""
    for (stream, data, _), event in zip(new, events, strict=True):
        require_unchanged(data, event.data)
        stream.reached(event)


def _versions(new: Sequence[NewEvent[E]]) -> Iterator[int]:
    reached = {stream.name: stream.version for stream, _, _ in new}
    for stream, _, _ in new:
        reached[stream.name] += 1
        yield reached[stream.name]


def _row(event_id: UUID, version: int, new: NewEvent[E]) -> dict[str, Any]:
    return {
        "id": event_id,
        "stream": new.stream.name,
        "version": version,
        "type": new.data.type,
        "schema_version": new.data.schema_version,
        "data": written(new.data),
        "occurred_at": new.occurred_at,
    }
