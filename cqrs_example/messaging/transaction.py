"""The transaction of a command: what a handler works with, and what hears of its events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from itertools import count, islice
from typing import Any, TypeVar
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from .. import eventstore
from ..eventstore import Accepts, Event, NewEvent, RecordedEvent
from ..eventstore.codecs import recorded_fields
from .around import call_handler
from .hearing import Classes, Function, hears, recorded_by, require_declared
from .repeating import ids_of, recorded_before

Command = TypeVar("Command")
E = TypeVar("E", bound=Event)
Handler = Callable[["Transaction", Command], Sequence[RecordedEvent[E]]]

OWN = "A command needs its own transaction: leave atomic(), or mark the view @non_atomic_requests."


class EventLog:
    """What a command is carried out over: here the log in Postgres, and the transaction in it.

    A log of another kind derives from this and overrides all of it, as `in_memory.Log` does.
    """

    lock = staticmethod(eventstore.lock)
    append_many = staticmethod(eventstore.append_many)
    recorded_before = staticmethod(recorded_before)
    on_commit = staticmethod(partial(transaction.on_commit, robust=True))

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """All of it commits, or nothing; when it has ended without an error, it is committed."""
        if any(not getattr(block, "_from_testcase", 0) for block in connection.atomic_blocks[-1:]):
            raise RuntimeError(OWN)
        # Durable: inside somebody else's transaction a retry would find that transaction aborted.
        with transaction.atomic(durable=True):
            yield
            _require_intact()

    def project(self, events: Sequence[RecordedEvent[Any]]) -> None:
        """Let each projection of the settings hear of those events that it hears."""
        for name, path in self.here(settings.PROJECTIONS):
            project = import_module(path).project
            if heard := [event for event in events if hears(project, event)]:
                call_handler(self, name, heard, partial(project, heard))

    def here(self, entries: Mapping[str, str]) -> list[tuple[str, str]]:
        """Those that hear in the transaction: the others hear in a worker, after the commit."""
        elsewhere = getattr(settings, "SUBSCRIPTIONS", ())
        return [entry for entry in entries.items() if entry[0] not in elsewhere]


@dataclass
class UnitOfWork:
    """What all commands of one transaction share."""

    correlation_id: UUID
    origin: Mapping[str, Any]  # the actor and the request, for the metadata of each event
    recorded: list[RecordedEvent[Any]] = field(default_factory=list[RecordedEvent[Any]])
    issued: Counter[tuple[UUID, str]] = field(default_factory=Counter[tuple[UUID, str]])
    log: EventLog = field(default_factory=EventLog)


@dataclass
class Transaction:
    """A command at work inside the database transaction.

    command_id    gives its events their ids, so that the same command sent again collides
    causation_id  what directly caused its events: the command, or the event that a policy heard
    command       its id, name and fields, for the metadata of each event
    records       the classes of the events that it may record; empty: its handler does not say
    """

    unit: UnitOfWork
    command_id: UUID
    causation_id: UUID
    command: Mapping[str, Any]
    records: Classes = ()
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        # First of all, and all streams at once: see `eventstore.lock`.
        self.lock = self.unit.log.lock
        # For what leaves the database, such as a mail: a rollback must not have said it, nor may a
        # retry say it twice.
        self.on_commit = self.unit.log.on_commit

    def append(
        self, stream: Accepts[E], events: Sequence[E], *, expected_version: int | None = None
    ) -> list[RecordedEvent[E]]:
        """Append to one stream: see `eventstore.append`. Projections and policies hear of it."""
        eventstore.expect(stream, expected_version)
        return self.append_many([NewEvent(stream, event) for event in events])

    def append_many(self, new: Sequence[NewEvent[E]]) -> list[RecordedEvent[E]]:
        """Append to many streams at once: see `eventstore.append_many`."""
        require_declared(self.command["name"], self.records, [event.data for event in new])
        events = self.unit.log.append_many(
            new,
            ids=ids_of(self.command_id, islice(self.numbers, len(new))),
            correlation_id=self.unit.correlation_id,
            causation_id=self.causation_id,
            metadata={"command": self.command, **self.unit.origin},
        )
        self.unit.recorded += events
        return events

    def execute(self, handler: Handler[Command, E], command: Command) -> Sequence[RecordedEvent[E]]:
        """Carry out another command as a part of this one: its events have this one's ids and
        metadata, so that a repetition of the whole knows them again."""
        return handler(self, command)


class PolicyTransaction(Transaction):
    """A policy at work: what it appends has ids of its own, and so has each command it issues."""

    def execute(self, handler: Handler[Command, E], command: Command) -> Sequence[RecordedEvent[E]]:
        """Carry out a command that the event caused, in the same database transaction."""
        name = type(command).__name__
        self.unit.issued[self.causation_id, name] += 1
        nth = self.unit.issued[self.causation_id, name]
        command_id = uuid5(self.causation_id, name if nth == 1 else f"{name} {nth}")
        return handler(begin(self.unit, handler, command, command_id, self.causation_id), command)


def begin(
    unit: UnitOfWork, handler: Function, command: object, command_id: UUID, causation_id: UUID
) -> Transaction:
    """A command's part of the transaction."""
    metadata = as_metadata(command, command_id)
    return Transaction(unit, command_id, causation_id, metadata, recorded_by(handler))


def as_metadata(command: Any, command_id: UUID) -> dict[str, Any]:
    """A command as it stands in the metadata of its events: see `recorded_fields`."""
    values = recorded_fields(command)
    return {"id": str(command_id), "name": type(command).__name__, "fields": values}


def deliver(unit: UnitOfWork) -> None:
    """Projections, then policies, hear of every event, first in, first out, in log order.

    What a policy appends is delivered after the events that were there before it.
    """
    policies = [(name, import_string(path)) for name, path in unit.log.here(settings.POLICIES)]
    delivered = 0
    while events := unit.recorded[delivered:]:
        delivered += len(events)
        unit.log.project(events)
        for event in events:
            for name, policy in policies:
                if hears(policy, event):
                    react(unit, name, policy, event)


def react(unit: UnitOfWork, name: str, policy: Function, event: RecordedEvent[Any]) -> object:
    """Let a policy, which the settings know under this name, hear of an event; what it returns."""
    policy_id = uuid5(event.id, name)
    metadata = {"id": str(policy_id), "name": name}
    tx = PolicyTransaction(unit, policy_id, event.id, metadata, recorded_by(policy))
    return call_handler(unit.log, name, [event], partial(policy, tx, event))


def _require_intact() -> None:
    """Raise if a statement has failed in this transaction, even where its error was caught.

    The commit would roll back without a word, from Django and from psycopg alike, and the events
    would be returned as recorded. Django does not notice errors that were caught as psycopg's.
    """
    if connection.needs_rollback or connection.connection.info.transaction_status.name == "INERROR":
        raise transaction.TransactionManagementError("A statement had failed: all is rolled back.")
