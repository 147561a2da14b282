"""Lock streams, and read their last events: the first half of a write."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, overload

from django.db import connection

from .codecs import as_json
from .contracts import Event
from .log import APPEND_LOCK, read
from .recorded import COLUMNS, E, RecordedEvent, StreamName, recorded
from .statements import send

E_contra = TypeVar("E_contra", bound=Event, contravariant=True)
A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)

# Postgres keeps locks in shared memory until the commit. It has room for a few thousand in all.
MOST_STREAMS = 1000

# `clock_timestamp()` is read when the function has returned, and so after waiting for the locks.
LOCK = f"""
    SELECT clock_timestamp()::text, {COLUMNS}
    FROM (SELECT) AS once LEFT JOIN eventstore_lock(%s::int, %s::int, %s::jsonb) ON true
"""  # noqa: S608 (no input in it)


@dataclass(frozen=True)
class Held:
    """When a transaction locked streams or appended to them, and within which savepoints.

    The rollback of a savepoint releases the locks and removes the events, without a notice to
    Python. So `append_many` compares the savepoints.
    """

    at: datetime
    savepoints: tuple[Any, ...] = field(default_factory=lambda: (*connection.savepoint_ids,))


class Accepts(Protocol[E_contra]):
    """A stream that may hold these events, for the type checker.

    A `Stream[Opened | Deposited]` is an `Accepts[Opened]`. So `append` of an `Opened` returns
    `RecordedEvent[Opened]`, and not events of all types that the stream may hold.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def held(self) -> Held: ...
    def reached(self, event: RecordedEvent[E_contra], held: Held) -> None: ...


@dataclass
class Stream(Generic[E]):
    """A stream that this transaction has locked, so that nobody else appends to it before the end.

    `last` is its last event, or None. To iterate over the stream reads all of its events.
    """

    name: StreamName[E]
    last: RecordedEvent[E] | None
    held: Held

    @property
    def version(self) -> int:
        """The version of its last event; 0 if it has none."""
        return self.last.version if self.last else 0

    def reached(self, event: RecordedEvent[E], held: Held) -> None:
        """Make this event, which was appended, the last one."""
        self.last, self.held = event, held

    def __iter__(self) -> Iterator[RecordedEvent[E]]:
        return self.after(0)

    def after(self, version: int) -> Iterator[RecordedEvent[E]]:
        """Read its events after a version, oldest first."""
        return read(self.name, after=version)


@overload
def lock(*names: StreamName[E]) -> tuple[Stream[E], ...]: ...
@overload
def lock(first: StreamName[A], second: StreamName[B], /) -> tuple[Stream[A], Stream[B]]: ...
@overload
def lock(*names: StreamName[Any]) -> tuple[Stream[Any], ...]: ...
def lock(*names: StreamName[Any]) -> tuple[Stream[Any], ...]:
    """Lock streams until the transaction ends; returns them, with their last events, in this order.

    Make it the first statement of the transaction, and name all streams at once. Two transactions
    that lock the same streams in two calls, in opposite orders, would wait for each other.

    For streams of one kind or of two the type checker knows their events; for more kinds it sees
    `Stream[Any]`. Raises `RuntimeError` outside a transaction, and `ValueError` for more than 1,000
    streams.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Lock streams inside transaction.atomic(): the locks end with it.")
    if len(set(names)) > MOST_STREAMS:
        raise ValueError(f"Lock at most {MOST_STREAMS:,} streams in one transaction: use chunks.")
    rows = send(LOCK, [*APPEND_LOCK, as_json(names)])
    held = Held(datetime.fromisoformat(rows[0][0]))
    last = {row[3]: recorded(row[1:]) for row in rows if row[1]}
    streams = {name: Stream(name, last.get(name), held) for name in names}
    return tuple(streams[name] for name in names)
