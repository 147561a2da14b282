"""Given these events, when this command, then those events: a domain's tests, without a database.

    Scenario().given(account, [Opened(100)]).when(withdraw, Withdraw("1", 30)).then([Withdrawn(30)])
    Scenario().given(account, [Opened(10)]).when(withdraw, Withdraw("1", 30)).then_refused("Too …")

The form is that of behaviour-driven tests, which event-sourced code has used since Greg Young's
talks; Axon's test fixtures have the same three steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

from ..eventstore import Event, RecordedEvent, StreamName, WrongExpectedVersion
from ..messaging import CommandIdReused, Context, DomainError, Transaction, execute
from ..messaging.transaction import Handler
from .log import Log
from .sentences import Line, failure

C = TypeVar("C")
E = TypeVar("E", bound=Event)
Self = TypeVar("Self", bound="Scenario")

GIVEN = UUID(int=0)  # what caused the events that are given


@dataclass(frozen=True)
class Record:
    """Record these events, without a command of the domain."""

    stream: str


class Scenario:
    """Commands and policies over a log in memory, step by step.

    Policies are those of the settings. `log` holds what has been recorded so far. The nth command
    has the id `UUID(int=n)`, unless its context has another one. `now` is the time of the events.
    """

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self.now = now
        self.log = Log(lambda: self.now)
        self.steps: list[tuple[str, Line]] = []
        self.commands = 0
        self.outcome: Sequence[RecordedEvent[Any]] | Exception = []
        self.is_checked = True

    def at(self: Self, now: datetime) -> Self:
        """Set the time (with a zone) of the events that follow."""
        self.now = now
        self.steps.append(("At", ("", str(now))))
        return self

    def given(self: Self, stream: StreamName[E], events: Sequence[E]) -> Self:
        """Put these events into the stream. No policy hears them."""
        with self.log.transaction():
            ids = [uuid5(GIVEN, f"{stream} {len(self.steps)} {n}") for n in range(len(events))]
            [locked] = self.log.lock(stream)
            self.log.append(locked, events, ids=ids, causation_id=GIVEN)
        self.steps += [("Given", (stream, event)) for event in events]
        return self

    def when(
        self: Self,
        handler: Handler[C, E],
        command: C,
        context: Context | None = None,
    ) -> Self:
        """Carry out a command; `then` or `then_refused` has to check its outcome."""
        self.require_checked()
        self.commands += 1
        self.steps.append(("When", ("", command)))
        self.is_checked = False
        try:
            context = context or Context(UUID(int=self.commands))
            self.outcome = execute(handler, command, context, self.log)
        except (DomainError, CommandIdReused, WrongExpectedVersion) as error:
            self.outcome = error
        return self

    def when_recorded(self: Self, stream: StreamName[E], events: Sequence[E]) -> Self:
        """Record these events without a command; policies hear them: for tests of policies."""

        def record(tx: Transaction, command: Record) -> list[RecordedEvent[E]]:
            [locked] = tx.lock(stream)
            return tx.append(locked, events)

        self.when(record, Record(stream))
        self.is_checked = not isinstance(self.outcome, Exception)
        return self

    def then(self: Self, events: Sequence[Event]) -> Self:
        """Check that the command itself, without policies, has recorded exactly these events."""
        __tracebackhide__ = True  # pytest points to the line of the test
        return self._require([("", event) for event in events], self._come_to())

    def then_refused(self: Self, sentence: str) -> Self:
        """Check that the command was refused with this sentence."""
        __tracebackhide__ = True
        return self._require([("Refused", sentence)], self._come_to())

    def then_log(self: Self, streams: Mapping[Any, Sequence[Event]]) -> Self:
        """Check that the log has exactly these streams with these events: those that were given,
        those of the commands, and those of policies."""
        __tracebackhide__ = True
        expected: list[Line] = [
            (name, event) for name in sorted(streams) for event in streams[name]
        ]
        events = sorted(self.log.read_all(), key=lambda event: (event.stream, event.version))
        return self._require(expected, [(event.stream, event.data) for event in events])

    def require_checked(self) -> None:
        """Raise `AssertionError` if no `then…` has followed the last command: it may have been
        refused."""
        __tracebackhide__ = True
        if not self.is_checked:
            self._require([("", "(nothing is said: call then or then_refused)")], self._come_to())

    def _come_to(self) -> list[Line]:
        if isinstance(self.outcome, Exception):
            return [("Refused", str(self.outcome))]
        return [("", event.data) for event in self.outcome]

    def _require(self: Self, expected: list[Line], got: list[Line]) -> Self:
        __tracebackhide__ = True
        self.is_checked = True
        if got != expected:
            raise AssertionError(failure(self.steps, expected, got))
        return self
