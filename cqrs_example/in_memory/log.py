"""An event log in a Python object: what `eventstore` does with Postgres, done with a dict.

It is the shortest code that shows what an event log is. It keeps the same promises as the log in
Postgres, with the same types and errors, except for two: its events are lost when the process ends,
and a transaction makes all others wait, not only those on the same streams.

    log = Log()
    execute(withdraw, Withdraw("account-1", 30), log=log)  # the handler that also runs on Postgres
    print(*log.read_all(), sep="\\n")
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from threading import Lock, get_ident
from typing import Any, TypeVar, overload
from uuid import UUID

from django.db import NotSupportedError
from django.db.transaction import TransactionManagementError

from ..eventstore import (
    DuplicateEvent,
    Event,
    NewEvent,
    RecordedEvent,
    Stream,
    StreamName,
    WrongExpectedVersion,
    append_many,
    expect,
)
from ..eventstore.log import END
from ..eventstore.streams import MOST_STREAMS, Accepts, Held
from ..messaging import EventLog

A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)
E = TypeVar("E", bound=Event)
Events = dict[UUID, RecordedEvent[Any]]  # by id, in the order of positions


@dataclass
class Work:
    """A running transaction, with all events as they will be after its commit."""

    events: Events
    thread: int = field(default_factory=get_ident)
    failed: bool = False
    after_commit: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])


class Log(EventLog):
    """The events of all streams. `now()` returns the time of new events, with a time zone."""

    is_watched = False  # `settings.AROUND_COMMANDS` does not apply

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self.committed: Events = {}
        self.positions = count(1)  # a rollback does not give them back, so there may be gaps
        self.one_at_a_time = Lock()
        self.work: Work | None = None

    # Transactions

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Everything in it commits, or, if it raises, nothing: the copy is thrown away."""
        if self._is_ours():
            raise RuntimeError("Inside another transaction this one could not commit.")
        with self.one_at_a_time:
            self.work = work = Work(dict(self.committed))
            try:
                yield
                if work.failed:  # an error was caught: this must not look like a success
                    raise TransactionManagementError("An append had failed: all is rolled back.")
                self.committed = work.events
            finally:
                self.work = None
        for function in work.after_commit:
            function()

    def on_commit(self, function: Callable[[], object]) -> None:
        """Call this function after the commit."""
        self._ours().after_commit.append(function)

    def project(self, events: Sequence[RecordedEvent[Any]]) -> None:
        """Do nothing: read models are tables of Postgres, and do not hear events in memory."""

    def here(self, entries: Mapping[str, str]) -> list[tuple[str, str]]:
        """All entries (name, path): without workers, each policy hears in the transaction."""
        return list(entries.items())

    # Writing: lock, decide, append

    @overload
    def lock(self, a: StreamName[A], b: StreamName[B], /) -> tuple[Stream[A], Stream[B]]: ...
    @overload
    def lock(self, *names: StreamName[E]) -> tuple[Stream[E], ...]: ...
    @overload
    def lock(self, *names: StreamName[Any]) -> tuple[Stream[Any], ...]: ...
    def lock(self, *names: StreamName[Any]) -> tuple[Stream[Any], ...]:
        """The streams, in the order asked for; nobody else writes until the transaction ends."""
        self._ours()
        if len(set(names)) > MOST_STREAMS:
            raise ValueError(f"Lock at most {MOST_STREAMS:,} streams in one transaction.")
        now = Held(self.now())
        streams = {name: LockedStream(name, self.last_event(name), now, log=self) for name in names}
        return tuple(streams[name] for name in names)

    def append(
        self,
        stream: Accepts[E],
        events: Sequence[E],
        *,
        expected_version: int | None = None,
        **origin: Any,
    ) -> list[RecordedEvent[E]]:
        """Append to one stream; raises `WrongExpectedVersion` if it has another version."""
        expect(stream, expected_version)
        return self.append_many([NewEvent(stream, event) for event in events], **origin)

    def append_many(self, new: Sequence[NewEvent[E]], **origin: Any) -> list[RecordedEvent[E]]:
        """Append to locked streams, in the order given: see `eventstore.append_many`."""
        return append_many(new, insert=self._insert, **origin)

    def _insert(self, events: Sequence[RecordedEvent[Any]]) -> None:
        for event in events:
            event.row = [next(self.positions), *event.row[1:]]
            self._add(event)

    def _add(self, event: RecordedEvent[Any]) -> None:
        """Add an event, unless its id, or its version in the stream, is there already."""
        work = self._ours()
        last = self.last_event(StreamName[Any](event.stream))
        work.failed = True
        if event.id in work.events:
            raise DuplicateEvent(f"An event has the id {event.id} already.")
        if last and event.version <= last.version:
            raise WrongExpectedVersion(f"{event.stream} has a version {event.version} already.")
        work.failed = False
        work.events[event.id] = event

    # Reading: committed events, and within a transaction those that it has appended

    def read(
        self,
        name: StreamName[E],
        *,
        after: int = 0,
        before: int = END,
        backwards: bool = False,
        limit: int = END,
    ) -> Iterator[RecordedEvent[E]]:
        """The events of a stream with versions between `after` and `before`, both exclusive."""
        events = self._visible()
        found = (e for e in (reversed(events) if backwards else events) if e.stream == name)
        return islice((e for e in found if after < e.version < before), limit)

    def read_all(self, after: int = 0) -> Iterator[RecordedEvent[Any]]:
        """All events after a position; none can appear later at a lower position."""
        if self._is_ours():
            raise NotSupportedError("Read the log before or after a transaction, not in it.")
        return (event for event in self._visible() if event.position > after)

    def last_event(self, name: StreamName[E]) -> RecordedEvent[E] | None:
        """The last event of a stream; None when the stream has none."""
        return next(self.read(name, backwards=True), None)

    def caused_by(self, causation_id: UUID) -> list[RecordedEvent[Any]]:
        """The events that a command or an event directly caused."""
        return [event for event in self._visible() if event.causation_id == causation_id]

    def recorded_before(self, command_id: UUID) -> list[RecordedEvent[Any]]:
        """The events that a command recorded before, if any."""
        return self.caused_by(command_id)

    def _visible(self) -> Sequence[RecordedEvent[Any]]:
        return list((self._ours().events if self._is_ours() else self.committed).values())

    def _is_ours(self) -> bool:
        return self.work is not None and self.work.thread == get_ident()

    def _ours(self) -> Work:
        if self.work is None or not self._is_ours():
            raise RuntimeError("Lock and append inside transaction(): the locks end with it.")
        return self.work


@dataclass
class LockedStream(Stream[E]):
    """A stream whose events are read in memory."""

    log: Log = field(kw_only=True)

    def after(self, version: int) -> Iterator[RecordedEvent[E]]:
        return self.log.read(self.name, after=version)
