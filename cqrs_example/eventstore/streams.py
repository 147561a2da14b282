"""Lock streams, and see what they hold: the first half of a write."""

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

# Locks live in shared memory until the commit, and there is room for a few thousand in all.
MOST_STREAMS = 1000

# The time first: it is taken after all waiting, when the function has returned.
LOCK = f"""
    SELECT clock_timestamp()::text, {COLUMNS}
    FROM (SELECT) AS once LEFT JOIN eventstore_lock(%s::int, %s::int, %s::jsonb) ON true
"""  # noqa: S608 (no input in it)


@dataclass(frozen=True)
class Held:
    """When a transaction locked streams, or appended to them, and within which savepoints.

    With the rollback of one the locks are gone, and what was appended: nobody tells Python.
    """

    at: datetime
    savepoints: tuple[Any, ...] = field(default_factory=lambda: (*connection.savepoint_ids,))


class Accepts(Protocol[E_contra]):
    """A stream that may hold these events. A `Stream[Opened | Deposited]` accepts each of the two:
    so `append` returns what was appended, and not all that the stream could hold."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def held(self) -> Held: ...
    def reached(self, event: RecordedEvent[E_contra], held: Held) -> None: ...


@dataclass
class Stream(Generic[E]):
    """A stream that this transaction has locked: nobody else can append to it before the end.

    `last` is its last event (None: it has none yet); iterating over the stream reads all of them.
    """

    name: StreamName[E]
    last: RecordedEvent[E] | None
    held: Held

    @property
    def version(self) -> int:
        """That of its last event; 0: no event yet."""
        return self.last.version if self.last else 0

    def reached(self, event: RecordedEvent[E], held: Held) -> None:
        """This event is the last one from now on."""
        self.last, self.held = event, held

    def __iter__(self) -> Iterator[RecordedEvent[E]]:
        return self.after(0)

    def after(self, version: int) -> Iterator[RecordedEvent[E]]:
        """Its events after a version, oldest first."""
        return read(self.name, after=version)


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
    rows = send(LOCK, [*APPEND_LOCK, as_json(names)])
    held = Held(datetime.fromisoformat(rows[0][0]))
    last = {row[3]: recorded(row[1:]) for row in rows if row[1]}
    streams = {name: Stream(name, last.get(name), held) for name in names}
    return tuple(streams[name] for name in names)
