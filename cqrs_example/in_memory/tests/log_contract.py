"""What every event log promises, as tests: derive a class, and give it a fixture `log`.

    class TestMyLog(LogContract):
        @pytest.fixture
        def log(self):
            return MyLog()

`log` has the functions of `eventstore` and the transaction of `messaging.EventLog`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from threading import Barrier
from typing import Any, ClassVar
from uuid import UUID, uuid4, uuid5

import pytest
from django.db import NotSupportedError, connection
from django.db.transaction import TransactionManagementError

from ...eventstore import DuplicateEvent, NewEvent, RecordedEvent, StreamName, WrongExpectedVersion
from ...messaging import CommandIdReused, Context, DomainError, Repeated, Transaction, execute

A, B = StreamName[Any]("account-a"), StreamName[Any]("account-b")
KEY = UUID("4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90")


@dataclass(frozen=True)
class Deposited:
    type: ClassVar[str] = "contract.Deposited"
    schema_version: ClassVar[int] = 1

    amount: int
    balance: int


@dataclass(frozen=True)
class Warned:
    type: ClassVar[str] = "contract.Warned"
    schema_version: ClassVar[int] = 1

    balance: int


@dataclass(frozen=True)
class Change:
    """A command that changes a balance, which must stay between 0 and 100."""

    account: StreamName[Any]
    by: int


def change(tx: Transaction, command: Change) -> list[RecordedEvent[Deposited]]:
    [account] = tx.lock(command.account)
    balance = (account.last.data.balance if account.last else 0) + command.by
    if not 0 <= balance <= 100:
        raise DomainError(f"The balance would be {balance}.")
    return tx.append(account, [Deposited(command.by, balance)])


def change_and_fail(tx: Transaction, command: Change) -> list[RecordedEvent[Deposited]]:
    change(tx, command)
    raise ArithmeticError("half-way")


@dataclass(frozen=True)
class Warn:
    balance: int


def warn(tx: Transaction, command: Warn) -> list[RecordedEvent[Warned]]:
    [warnings] = tx.lock(StreamName[Warned]("warnings"))
    return tx.append(warnings, [Warned(command.balance)])


def warn_of_little(tx: Transaction, event: RecordedEvent[Deposited]) -> list[RecordedEvent[Warned]]:
    """A policy; it fails for a balance of 13."""
    if event.data.balance == 13:
        raise ArithmeticError("unlucky")
    return list(tx.execute(warn, Warn(event.data.balance))) if event.data.balance < 10 else []


def add_one_up_to_three(
    tx: Transaction, event: RecordedEvent[Deposited]
) -> list[RecordedEvent[Deposited]]:
    """A policy that hears the events that it causes."""
    return list(tx.execute(change, Change(A, 1))) if event.data.balance < 3 else []


def append(log: Any, name: StreamName[Any], event: Any, **options: Any) -> None:
    with log.transaction():
        [stream] = log.lock(name)
        log.append(stream, [event], **options)


def all_at_once(count: int, task: Callable[[int], Any]) -> list[Any]:
    """Run a task in threads that start together; returns the result of each."""
    barrier = Barrier(count)

    def run(number: int) -> Any:
        barrier.wait(20)
        try:
            return task(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


class LogContract:
    @pytest.fixture(autouse=True)
    def _wiring(self, settings: Any) -> None:
        settings.EVENTS = [__name__]
        settings.PROJECTIONS = {}
        settings.POLICIES = {"warn_of_little": f"{__name__}.warn_of_little"}

    def test_versions_count_in_a_stream_and_positions_in_the_log(self, log: Any) -> None:
        with log.transaction():
            a, b = log.lock(A, B)
            assert (a.version, a.last) == (0, None)
            for stream, amounts in ((a, (1, 2)), (b, (3,)), (a, (4,))):
                log.append(stream, [Deposited(amount, amount) for amount in amounts])
            assert (a.version, a.last.data.amount, b.version) == (3, 4, 1)
        events = list(log.read_all())
        assert [(e.stream, e.version, e.data.amount) for e in events] == [
            (A, 1, 1),
            (A, 2, 2),
            (B, 1, 3),
            (A, 3, 4),
        ]
        assert all(one.position < other.position for one, other in pairwise(events))

    def test_events_are_in_the_log_in_the_order_in_which_they_were_appended(self, log: Any) -> None:
        """Whatever the order of the locks, and however many there are in a transaction."""
        with log.transaction():
            a, b = log.lock(A, B)
            log.append(b, [Deposited(1, 1)])
            log.append(a, [Deposited(2, 2)])
            [c] = log.lock(StreamName[Any]("account-c"))
            log.append_many([NewEvent(one, Deposited(3, 3)) for one in (c, a, b, c)])
            log.append(a, [Deposited(4, 4)])
        assert [(event.stream[-1], event.version) for event in log.read_all()] == [
            ("b", 1),
            ("a", 1),
            ("c", 1),
            ("a", 2),
            ("b", 2),
            ("c", 2),
            ("a", 3),
        ]

    def test_a_stream_is_recorded_later_and_later(self, log: Any) -> None:
        with log.transaction():
            [a] = log.lock(A)
            [b] = log.lock(B)
            log.append_many([NewEvent(a, Deposited(1, 1)), NewEvent(b, Deposited(1, 1))])
            log.append(a, [Deposited(2, 3)])
        execute(change, Change(A, 1), log=log)
        times = [event.recorded_at for event in log.read(A)]
        assert times == sorted(times)

    def test_the_log_is_not_read_where_it_is_written(self, log: Any) -> None:
        """A writer that waits for all other writers could deadlock with one that waits for it."""
        with log.transaction():
            log.lock(A)
            with pytest.raises(NotSupportedError, match="before or after a transaction"):
                list(log.read_all())

    def test_a_position_that_is_asked_for_at_once(self, log: Any) -> None:
        with log.transaction():
            a, b = log.lock(A, B)
            [second] = log.append(b, [Deposited(1, 1)])
            assert second.position < log.append(a, [Deposited(2, 2)])[0].position
        assert [event.position for event in log.read(B)] == [second.position]

    def test_a_policy_that_appends_to_the_same_stream(self, log: Any, settings: Any) -> None:
        settings.POLICIES = {"add": f"{__name__}.add_one_up_to_three"}
        execute(change, Change(A, 1), log=log)
        events = list(log.read_all())
        assert [(e.version, e.data.balance) for e in events] == [(1, 1), (2, 2), (3, 3)]
        assert [e.id for e in log.read(A)] == [e.id for e in events]

    def test_locked_streams_come_in_the_order_asked_for(self, log: Any) -> None:
        execute(change, Change(A, 50), log=log)
        with log.transaction():
            streams = log.lock(B, A, B)
            assert [(stream.name, stream.version) for stream in streams] == [(B, 0), (A, 1), (B, 0)]
            assert streams[0] is streams[2]
            assert [event.data.amount for event in streams[1]] == [50]

    def test_what_append_returns_is_what_is_read(self, log: Any) -> None:
        ids, cause, correlation = [uuid4(), uuid4()], uuid4(), uuid4()
        happened = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=5)))
        before = datetime.now(UTC)
        with log.transaction():
            a, b = log.lock(A, B)
            appended = log.append_many(
                [NewEvent(a, Deposited(1, 1), happened), NewEvent(b, Deposited(2, 2))],
                ids=ids,
                correlation_id=correlation,
                causation_id=cause,
                metadata={"actor": "ann", "command": {"id": cause}},
            )
        assert [_attributes(e) for e in log.read_all()] == [_attributes(e) for e in appended]
        first, second = appended
        assert [first.id, second.id] == ids
        assert (first.type, first.schema_version) == ("contract.Deposited", 1)
        assert (first.correlation_id, first.causation_id) == (correlation, cause)
        assert first.metadata == {"actor": "ann", "command": {"id": str(cause)}}
        assert (first.occurred_at, first.occurred_at.utcoffset()) == (happened, timedelta(0))
        assert before <= second.occurred_at == second.recorded_at == first.recorded_at

    def test_an_event_without_a_cause_is_its_own(self, log: Any) -> None:
        with log.transaction():
            [a] = log.lock(A)
            [first, second] = log.append(a, [Deposited(1, 1), Deposited(1, 2)])
            assert log.append(a, []) == []
        assert first.id == first.causation_id == first.correlation_id == second.correlation_id

    def test_expected_version(self, log: Any) -> None:
        with log.transaction():
            [a] = log.lock(A)
            log.append(a, [Deposited(1, 1)], expected_version=0)
            with pytest.raises(WrongExpectedVersion, match="account-a is at version 1, not 0"):
                log.append(a, [Deposited(1, 2)], expected_version=0)
        assert [event.version for event in log.read(A)] == [1]

    def test_a_stream_that_was_not_locked_is_where_it_is_no_more(self, log: Any) -> None:
        with log.transaction():
            [stale] = log.lock(A)
        execute(change, Change(A, 50), log=log)
        with pytest.raises(WrongExpectedVersion), log.transaction():
            log.append(stale, [Deposited(1, 1)])
        assert [event.data.amount for event in log.read(A)] == [50]

    def test_an_id_comes_once(self, log: Any) -> None:
        for name in (A, B):
            append(log, name, Deposited(1, 1), ids=[uuid5(KEY, name)])
        for name in (A, B):
            with pytest.raises(DuplicateEvent):
                append(log, name, Deposited(2, 2), ids=[uuid5(KEY, A)])
        assert [event.data.amount for event in log.read_all()] == [1, 1]

    def test_an_error_that_was_caught_is_no_success(self, log: Any) -> None:
        def careless(tx: Transaction, command: Change) -> list[RecordedEvent[Deposited]]:
            [account] = tx.lock(command.account)
            recorded = tx.append(account, [Deposited(1, 99)])
            with suppress(DuplicateEvent):
                log.append(account, [Deposited(1, 99)], ids=[recorded[0].id])
                list(log.read(account.name))  # at the latest: it may wait for the next statement
                pytest.fail("It was not refused.")
            return recorded

        with pytest.raises(TransactionManagementError):
            execute(careless, Change(A, 1), log=log)
        assert list(log.read_all()) == []

    def test_a_transaction_that_raises_leaves_nothing(self, log: Any) -> None:
        def both_and_fail() -> None:
            with log.transaction():
                a, b = log.lock(A, B)
                log.append_many([NewEvent(a, Deposited(1, 51)), NewEvent(b, Deposited(1, 1))])
                assert [event.version for event in log.read(A)] == [1, 2]
                raise ArithmeticError

        execute(change, Change(A, 50), log=log)
        with pytest.raises(ArithmeticError):
            both_and_fail()
        assert [event.data.amount for event in log.read_all()] == [50]
        [event] = execute(change, Change(A, 1), log=log)
        assert (event.version, event.data.balance) == (2, 51)

    def test_locks_are_of_a_transaction(self, log: Any) -> None:
        with pytest.raises(RuntimeError, match="the locks end with it"):
            log.lock(A)
        with pytest.raises(ValueError, match="at most 1,000 streams"), log.transaction():
            log.lock(*(StreamName[Any](f"s-{n}") for n in range(1001)))

    def test_a_command_within_a_command_does_not_commit_on_its_own(self, log: Any) -> None:
        def nested(tx: Transaction, command: Change) -> list[RecordedEvent[Deposited]]:
            change(tx, command)
            return execute(change, Change(B, 1), log=log)

        with pytest.raises(RuntimeError):
            execute(nested, Change(A, 50), log=log)
        assert list(log.read_all()) == []

    def test_what_would_read_back_as_something_else_is_refused(self, log: Any) -> None:
        wrong: Any
        for wrong, error in (((1, 2), TypeError), (float("nan"), ValueError)):
            with pytest.raises(error):
                append(log, A, Deposited(wrong, 1))
        assert list(log.read_all()) == []

    def test_read(self, log: Any) -> None:
        with log.transaction():
            a, b = log.lock(A, B)
            log.append(a, [Deposited(n, n) for n in (1, 2, 3, 4, 5)])
            log.append(b, [Deposited(9, 9)])

        def versions(**options: Any) -> list[int]:
            return [event.version for event in log.read(A, **options)]

        assert versions() == [1, 2, 3, 4, 5]
        assert versions(backwards=True) == [5, 4, 3, 2, 1]
        assert versions(after=1, before=5) == [2, 3, 4]
        assert versions(after=1, before=5, backwards=True, limit=2) == [4, 3]
        assert (versions(limit=2), versions(limit=0), versions(after=5)) == ([1, 2], [], [])
        assert list(log.read(StreamName[Any]("account-"))) == []
        assert (log.last_event(A).version, log.last_event(StreamName[Any]("none"))) == (5, None)

    def test_read_all_goes_on_after_a_position(self, log: Any) -> None:
        for by in (50, 10, -20):
            execute(change, Change(A, by), log=log)
        first, *rest = log.read_all()
        assert [e.data.amount for e in log.read_all(first.position)] == [10, -20]
        assert list(log.read_all(rest[-1].position)) == []

    def test_only_what_is_committed_is_read_by_others(self, log: Any) -> None:
        with log.transaction():
            [a] = log.lock(A)
            log.append(a, [Deposited(1, 1)])
            [seen] = all_at_once(1, lambda _: list(log.read(A)))
            assert (seen, len(list(log.read(A)))) == ([], 1)

    def test_a_command_and_the_policy_that_hears_of_it(self, log: Any) -> None:
        [event] = execute(change, Change(A, 7), Context(KEY, actor="ann"), log)
        [_, warned] = log.read_all()
        assert (event.id, event.causation_id) == (uuid5(KEY, "1"), KEY)
        assert (warned.stream, warned.data) == ("warnings", Warned(7))
        assert (warned.causation_id, warned.correlation_id) == (event.id, KEY)
        assert warned.id == uuid5(uuid5(event.id, "Warn"), "1")
        assert (warned.metadata["actor"], warned.metadata["command"]["name"]) == ("ann", "Warn")
        assert [e.id for e in log.caused_by(KEY)] == [event.id]

    def test_a_repeated_command_has_no_second_effect(self, log: Any) -> None:
        context = Context(KEY, actor="ann")
        first = execute(change, Change(A, 60), context, log)
        again = execute(change, Change(A, 60), context, log)  # more than fits: it would be refused
        assert isinstance(again, Repeated)
        assert list(map(_attributes, again)) == list(map(_attributes, first))
        assert [event.data.amount for event in log.read_all()] == [60]

    def test_the_id_of_another_command(self, log: Any) -> None:
        execute(change, Change(A, 50), Context(KEY, actor="ann"), log)
        for command, actor in ((Change(A, 51), "ann"), (Change(B, 50), "ann"), (Change(A, 50), "")):
            with pytest.raises(CommandIdReused):
                execute(change, command, Context(KEY, actor=actor), log)
        assert len(list(log.read_all())) == 1

    def test_a_refused_command_leaves_nothing_and_is_decided_anew(self, log: Any) -> None:
        with pytest.raises(DomainError, match=r"^The balance would be -1\.$"):
            execute(change, Change(A, -1), Context(KEY), log)
        execute(change, Change(A, 50), log=log)
        [event] = execute(change, Change(A, -1), Context(KEY), log)
        assert event.data.balance == 49

    @pytest.mark.parametrize(("handler", "by"), [(change_and_fail, 20), (change, -7)])
    def test_a_handler_or_a_policy_that_fails_undoes_everything(
        self, log: Any, handler: Any, by: int
    ) -> None:
        execute(change, Change(A, 20), log=log)
        with pytest.raises(ArithmeticError):
            execute(handler, Change(A, by), log=log)  # the policy fails at 13
        assert [event.data.amount for event in log.read_all()] == [20]

    def test_on_commit_is_called_once_all_is_committed(self, log: Any) -> None:
        said: list[int] = []

        def handler(tx: Transaction, command: Change) -> list[RecordedEvent[Deposited]]:
            tx.on_commit(lambda: said.append(len(list(log.read(A)))))
            events = change(tx, command)
            assert said == []
            return events

        execute(handler, Change(A, 50), log=log)
        with pytest.raises(DomainError):
            execute(handler, Change(A, 51), log=log)
        assert said == [1]

    def test_twenty_writers_of_one_stream(self, log: Any) -> None:
        """Each sees what the writer before has done: no event is lost, and none is too much."""

        def deposit(number: int) -> bool:
            try:
                execute(change, Change(A, 10), log=log)
            except DomainError:
                return False
            return True

        assert sum(all_at_once(20, deposit)) == 10
        events = list(log.read(A))
        assert [(e.version, e.data.balance) for e in events] == [(n, 10 * n) for n in range(1, 11)]

    def test_twenty_senders_of_one_command(self, log: Any) -> None:
        def deposit(number: int) -> list[RecordedEvent[Deposited]]:
            return execute(change, Change(A, 10), Context(KEY), log)

        answers = all_at_once(20, deposit)
        assert sum(not isinstance(answer, Repeated) for answer in answers) == 1
        assert {event.id for [event] in answers} == {uuid5(KEY, "1")}
        assert len(list(log.read_all())) == 1

    def test_writers_of_two_streams_in_either_order(self, log: Any) -> None:
        def move(tx: Transaction, command: Change) -> list[RecordedEvent[Deposited]]:
            first, second = tx.lock(*((A, B) if command.by % 2 else (B, A)))
            new = [NewEvent(s, Deposited(command.by, 50)) for s in (first, second)]
            return tx.append_many(new)

        all_at_once(20, lambda number: execute(move, Change(A, number), log=log))
        assert [event.version for event in log.read(A)] == list(range(1, 21))
        assert [event.version for event in log.read(B)] == list(range(1, 21))


def _attributes(event: RecordedEvent[Any]) -> tuple[Any, ...]:
    return (
        event.position,
        event.id,
        event.stream,
        event.version,
        event.type,
        event.schema_version,
        event.data,
        event.correlation_id,
        event.causation_id,
        event.metadata,
        event.recorded_at,
        event.occurred_at,
    )
