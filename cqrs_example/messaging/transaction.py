"""The transaction of a command: what a handler works with, and what hears of its events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from .. import eventstore
from ..eventstore import Event, NewEvent, RecordedEvent, Stream

Command = TypeVar("Command")
Handler = Callable[["Transaction", Command], object]


@dataclass
class Unit:
    """What all commands of one database transaction share."""

    correlation_id: UUID
    origin: Mapping[str, Any]  # the actor and the request, for the metadata of each event
    undelivered: list[RecordedEvent] = field(default_factory=list)
    issued: Counter[tuple[UUID, str]] = field(default_factory=Counter)


@dataclass
class Transaction:
    """A command (or a policy) at work inside the database transaction.

    command_id    gives its events their ids, so that the same command sent again collides
    causation_id  what directly caused its events
    cause         what directly caused the commands that it issues in turn
    command       its name and fields, for the metadata of each event
    """

    unit: Unit
    command_id: UUID
    causation_id: UUID
    cause: UUID
    command: Mapping[str, Any]
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def lock(self, *names: str) -> list[Stream]:
        """Lock streams first of all, and all at once: see `eventstore.lock`."""
        return eventstore.lock(*names)

    def append(
        self, stream: Stream, events: Sequence[Event], *, expected_version: int | None = None
    ) -> list[RecordedEvent]:
        """Append to one stream: see `eventstore.append`. Projections and policies hear of it."""
        eventstore.expect(stream, expected_version)
        return self.append_many([NewEvent(stream, event) for event in events])

    def append_many(self, new: Sequence[NewEvent]) -> list[RecordedEvent]:
        """Append to many streams at once: see `eventstore.append_many`."""
        events = eventstore.append_many(
            new,
            ids=[uuid5(self.command_id, str(next(self.numbers))) for _ in new],
            correlation_id=self.unit.correlation_id,
            causation_id=self.causation_id,
            metadata={"command": self.command, **self.unit.origin},
        )
        self.unit.undelivered += events
        return events

    def execute(self, handler: Handler[Command], command: Command) -> None:
        """Carry out a further command in this transaction: what a policy does.

        Within a command it is a part of that: its events have the ids and metadata of the whole.
        """
        if self.cause == self.command_id:
            # With an origin of its own, a repetition of the whole would not know this part again.
            handler(self, command)
            return
        name = type(command).__name__
        self.unit.issued[self.cause, name] += 1
        nth = self.unit.issued[self.cause, name]
        command_id = uuid5(self.cause, name if nth == 1 else f"{name} {nth}")
        handler(begin(self.unit, command, command_id, self.cause), command)


def begin(unit: Unit, command: object, command_id: UUID, causation_id: UUID) -> Transaction:
    """A command's part of the transaction."""
    return Transaction(unit, command_id, causation_id, command_id, described(command, command_id))


def described(command: Any, command_id: UUID) -> dict[str, Any]:
    """A command as the metadata of its events tells it.

    Fields at their defaults are left out: what was sent before a field was added, and is sent again
    after it, is still the same command.
    """
    defaults = {one.name: one.default for one in fields(command)}
    told = {name: value for name, value in asdict(command).items() if value != defaults[name]}
    return {"id": str(command_id), "name": type(command).__name__, "fields": told}


def deliver(unit: Unit) -> Iterator[RecordedEvent]:
    """Projections, then policies, hear of every event, first in, first out, in log order.

    What a policy appends is delivered after the events that were there before it.
    """
    policies = [(name, import_string(policy)) for name, policy in settings.POLICIES.items()]
    while events := unit.undelivered:
        unit.undelivered = []
        for module in settings.PROJECTIONS.values():
            import_module(module).project(events)
        for event in events:
            for name, policy in policies:
                policy(_heard_by(name, event, unit), event)
        yield from events
    # Whoever caught an error on the way must not be told that all is recorded: neither Django nor
    # psycopg tells when it rolls back instead. The last is for errors that Django has not seen.
    if connection.needs_rollback or connection.connection.info.transaction_status.name == "INERROR":
        raise transaction.TransactionManagementError("A statement had failed: all is rolled back.")


def later(sql: str, parameters: Sequence[Any]) -> None:
    """Run a statement of a projection before the transaction's next one, or together with COMMIT:
    nobody waits for its result. At once, where the database backend is not ours."""
    (getattr(connection, "later", None) or connection.cursor().execute)(sql, parameters)


def _heard_by(policy: str, event: RecordedEvent, unit: Unit) -> Transaction:
    policy_id = uuid5(event.id, policy)
    return Transaction(unit, policy_id, event.id, event.id, {"id": str(policy_id), "name": policy})
