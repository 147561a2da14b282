"""Carry out a command, once, whatever goes wrong."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, OperationalError

from ..eventstore import DuplicateEvent, RecordedEvent, WrongExpectedVersion
from ..eventstore.codecs import as_json
from .around import around, pause
from .transaction import Command, E, EventLog, Handler, UnitOfWork, as_metadata, begin, deliver

RETRIES, RETRIED = 3, ("40P01", "40001")  # deadlock, serialization failure


class DomainError(Exception):
    """The domain refuses the command; the message is a sentence for the sender.

    `field` is the name of the command's field that is at fault, if it is one: a form marks it.
    """

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class CommandIdReused(Exception):
    """Another command, or another actor's, was recorded under this command id."""


class Repeated(list[RecordedEvent[E]]):
    """The events of a command that had been carried out before, and was not again."""


@dataclass(frozen=True)
class Context:
    """Who sends a command, and under which ids.

    command_id      sent again with the same id, a command has no second effect
    correlation_id  the same on all that belongs together; the command's id if not given
    actor           who; a repetition must come from the same
    request         what else to keep in the metadata; anything that JSON can hold
    """

    command_id: UUID = field(default_factory=uuid4)
    correlation_id: UUID | None = None
    actor: str = "anonymous"
    request: Mapping[str, Any] = field(default_factory=dict[str, Any])


def execute(
    handler: Handler[Command, E],
    command: Command,
    context: Context | None = None,
    log: EventLog = EventLog(),  # noqa: B008 (it has no state)
) -> list[RecordedEvent[E]]:
    """Carry out a command in a transaction of its own; returns the events it recorded, if any.

    The command is a dataclass. `handler(tx, command)` locks streams, decides, appends, and returns
    the events; then projections and policies hear of them; then all of it commits, or nothing.

    A command that was recorded before under the same id by the same actor is not carried out again:
    its events are returned, as `Repeated`. A command that records no event leaves no trace: sent
    again, it is decided anew. Raises `CommandIdReused` when the id belongs to anything else, and
    what the handler raises, such as `DomainError`. Deadlocks are tried again three times. `log` is
    another one than that in Postgres, such as that in memory.
    """
    context = context or Context()
    with around(log, command, context) as context:
        try:
            return _retried(lambda: _attempt(handler, command, context, log))
        except (DomainError, DuplicateEvent, WrongExpectedVersion) as error:
            # The transaction is gone: only a new one can look up whether this is a repetition. And
            # only now: asking beforehand would cost every command a round trip.
            events = log.recorded_before(context.command_id)
            if not events and not isinstance(error, DuplicateEvent):
                raise
            _require_same(command, context, events)
            return Repeated(events)


def _retried(attempt: Callable[[], list[RecordedEvent[E]]]) -> list[RecordedEvent[E]]:
    for nth in range(RETRIES):
        try:
            return attempt()
        except (OperationalError, WrongExpectedVersion) as error:
            raced = isinstance(error.__cause__, IntegrityError)  # with a writer that took no lock
            if not raced and getattr(error.__cause__, "sqlstate", None) not in RETRIED:
                raise
        pause(nth)
    return attempt()


def _attempt(
    handler: Handler[Command, E], command: Command, context: Context, log: EventLog
) -> list[RecordedEvent[E]]:
    origin = {"actor": context.actor, "request": context.request}
    unit = UnitOfWork(context.correlation_id or context.command_id, origin, log=log)
    with log.transaction():
        handler(begin(unit, handler, command, context.command_id, context.command_id), command)
        events = [*unit.recorded]  # without those of policies, which come now
        deliver(unit)
    return events


def _require_same(command: object, context: Context, events: list[RecordedEvent[E]]) -> None:
    sent = json.loads(as_json(as_metadata(command, context.command_id)))
    origins = [(event.metadata.get("command"), event.metadata.get("actor")) for event in events]
    if not events or any(origin != (sent, context.actor) for origin in origins):
        raise CommandIdReused(
            f"The command id {context.command_id} belongs to another command, recorded before:"
            " send each command with an id of its own."
        )
