"""The transaction of a command: what a handler does in it, and who hears of its events."""

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
    """The log in Postgres and its transactions, as `execute` uses them.

    A log of another kind derives from this class and overrides all of it, as `in_memory.Log` does.
    """

    lock = staticmethod(eventstore.lock)
    append_many = staticmethod(eventstore.append_many)
    recorded_before = staticmethod(recorded_before)
    on_commit = staticmethod(partial(transaction.on_commit, robust=True))

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """A context whose end commits all that was written in it; an error rolls all of it back.

        Raises `RuntimeError` inside another transaction, but for that of a Django test case.
        """
        if any(not getattr(block, "_from_testcase", 0) for block in connection.atomic_blocks[-1:]):
            raise RuntimeError(OWN)
        # durable=True: a retry inside another transaction would find that transaction aborted.
        with transaction.atomic(durable=True):
            yield
            _require_intact()

    def project(self, events: Sequence[RecordedEvent[Any]]) -> None:
        """Call each projection of the settings with those of the events that it hears."""
        for name, path in self.here(settings.PROJECTIONS):
            project = import_module(path).project
            if heard := [event for event in events if hears(project, event)]:
                call_handler(self, name, heard, partial(project, heard))

    def here(self, entries: Mapping[str, str]) -> list[tuple[str, str]]:
        """The handlers that run in the transaction: workers call the others after the commit."""
        subscribed = getattr(settings, "SUBSCRIPTIONS", ())
        return [entry for entry in entries.items() if entry[0] not in subscribed]


@dataclass
class UnitOfWork:
    """What a command shares with the commands that policies issue in its transaction."""

    correlation_id: UUID
    origin: Mapping[str, Any]  # the actor and the request, for the metadata of each event
    recorded: list[RecordedEvent[Any]] = field(default_factory=list[RecordedEvent[Any]])
    issued: Counter[tuple[UUID, str]] = field(default_factory=Counter[tuple[UUID, str]])
    log: EventLog = field(default_factory=EventLog)


@dataclass
class Transaction:
    """What a command's handler locks streams and appends events with.

    command_id    the ids of the events derive from it, so those of a repeated command collide
    causation_id  the direct cause of the events: the command, or the event that a policy heard
    command       its id, name and fields, for the metadata of each event
    records       the classes of events that the handler names; if empty, it may record any
    """

    unit: UnitOfWork
    command_id: UUID
    causation_id: UUID
    command: Mapping[str, Any]
    records: Classes = ()
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        # A handler calls it first, once, with all its streams: see `eventstore.lock`.
        self.lock = self.unit.log.lock
        # For effects outside the database, such as a mail. Sent earlier, it would go out despite a
        # rollback, and twice after a retry.
        self.on_commit = self.unit.log.on_commit

    def append(
        self, stream: Accepts[E], events: Sequence[E], *, expected_version: int | None = None
    ) -> list[RecordedEvent[E]]:
        """Append to one stream, for projections and policies to hear of: see `eventstore.append`.

        Raises `TypeError` for an event that the handler's signature does not name.
        """
        eventstore.expect(stream, expected_version)
        return self.append_many([NewEvent(stream, event) for event in events])

    def append_many(self, new: Sequence[NewEvent[E]]) -> list[RecordedEvent[E]]:
        """As `append`, to many streams at once: see `eventstore.append_many`."""
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
        """Carry out another command as a part of this one.

        Its events get their ids and metadata from this command, so that a repetition of this
        command finds them too.
        """
        return handler(self, command)


class PolicyTransaction(Transaction):
    """What a policy appends events and issues commands with."""

    def execute(self, handler: Handler[Command, E], command: Command) -> Sequence[RecordedEvent[E]]:
        """Carry out a command that the event caused, in the same database transaction.

        Its id derives from the event, the command's name and its number among those of this name.
        So policies that hear of the event again issue commands with the same ids.
        """
        name = type(command).__name__
        self.unit.issued[self.causation_id, name] += 1
        nth = self.unit.issued[self.causation_id, name]
        command_id = uuid5(self.causation_id, name if nth == 1 else f"{name} {nth}")
        return handler(begin(self.unit, handler, command, command_id, self.causation_id), command)


def begin(
    unit: UnitOfWork, handler: Function, command: object, command_id: UUID, causation_id: UUID
) -> Transaction:
    """The `Transaction` to call a command's handler with."""
    metadata = as_metadata(command, command_id)
    return Transaction(unit, command_id, causation_id, metadata, recorded_by(handler))


def as_metadata(command: Any, command_id: UUID) -> dict[str, Any]:
    """A command as the metadata of its events has it: see `recorded_fields`."""
    values = recorded_fields(command)
    return {"id": str(command_id), "name": type(command).__name__, "fields": values}


def deliver(unit: UnitOfWork) -> None:
    """Call projections, then policies, with the events of the transaction, in the order of the log.

    Events that policies append wait in a queue: they are delivered after all that came before them.
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
    """Call a policy with an event, and return what it returns; `name` is its name in the settings.

    The ids of what it appends derive from the event and the name.
    """
    policy_id = uuid5(event.id, name)
    metadata = {"id": str(policy_id), "name": name}
    tx = PolicyTransaction(unit, policy_id, event.id, metadata, recorded_by(policy))
    return call_handler(unit.log, name, [event], partial(policy, tx, event))


def _require_intact() -> None:
    """Raise if a statement has failed in this transaction and its error was caught.

    Otherwise COMMIT would roll back, neither Django nor psycopg would raise, and `execute` would
    return events that are not in the log. Django itself notices only errors that went through its
    own cursors, so this asks the connection too.
    """
    if connection.needs_rollback or connection.connection.info.transaction_status.name == "INERROR":
        raise transaction.TransactionManagementError("A statement had failed: all is rolled back.")
