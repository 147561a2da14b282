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

    `field` names the field of the command that is at fault, if a single one is: a form marks it.
    """

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class CommandIdReused(Exception):
    """Under this command id there are events already, of another command or of another actor."""


class Repeated(list[RecordedEvent[E]]):
    """The events that a command recorded earlier; this time it was not carried out."""


@dataclass(frozen=True)
class Context:
    """Who sends a command, and under which ids.

    command_id      a command that is sent again with the same id has no second effect
    correlation_id  shared by all events that belong together; by default the command's id
    actor           the name of the sender; only the same actor may repeat a command
    request         more for the metadata of the events; any values that JSON can hold
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
    """Carry out a command in a transaction of its own; returns the events that it recorded.

    The command is a dataclass. `handler(tx, command)` locks streams, decides, appends events and
    returns them. Then projections and policies hear of these events. Then all of it commits.

    A command whose events are in the log already, with the same id and actor, is a repetition. It
    is not carried out: the call returns those events as `Repeated`. A command that recorded no
    event left no trace, and is decided anew when it is sent again.

    Raises `CommandIdReused` when the id belongs to another command or actor, `RuntimeError` inside
    another transaction, and whatever the handler raises, such as `DomainError`: then nothing is
    recorded. After a deadlock, a serialization failure or a lost race for a version it tries three
    times more. `log` is the log in Postgres, or another one, such as `in_memory.Log`.
    """
    context = context or Context()
    with around(log, command, context) as context:
        try:
            return _retried(lambda: _attempt(handler, command, context, log))
        except (DomainError, DuplicateEvent, WrongExpectedVersion) as error:
            # A repetition is looked up only after the failure, in a new transaction. To look it up
            # before each command would cost each of them a round trip.
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
            # Another writer took this version without a lock: the next attempt reads its events.
            raced = isinstance(error.__cause__, IntegrityError)
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
        events = [*unit.recorded]  # a copy: `deliver` adds those of policies, which are no answer
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
