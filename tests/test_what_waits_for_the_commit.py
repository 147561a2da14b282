"""What is appended travels with the next statement or with COMMIT: what it is, what goes wrong."""

import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from cqrs_example.database.base import DatabaseWrapper
from cqrs_example.eventstore import (
    DuplicateEvent,
    NewEvent,
    RecordedEvent,
    StreamName,
    WrongExpectedVersion,
    append,
    append_many,
    lock,
    read,
    read_all,
)
from cqrs_example.messaging import execute, later

from .bank.commands import Deposit, deposit
from .bank.events import Deposited
from .bank.models import Account
from .racing import backend, in_background, until, waiting_for
from .test_database import refused
from .test_round_trips import round_trips, traced  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

ATTRIBUTES = (
    *("position", "id", "stream", "version", "type", "schema_version", "data", "correlation_id"),
    *("causation_id", "metadata", "recorded_at", "occurred_at"),
)
TWICE = "INSERT INTO bank_account (account, amount, changed_at) VALUES ('a', 1, now())"


def a_deposit(name="a", amount=1):
    return Deposited(name, amount, amount)


def record(name, **options):
    with transaction.atomic():
        [stream] = lock(name)
        return append(stream, [a_deposit(name)], **options)


@pytest.fixture(params=["together", "at once"])
def each_backend(request, monkeypatch):
    if request.param == "at once":
        for name in ("send", "later"):
            monkeypatch.delattr(DatabaseWrapper, name)


def test_duplicate_is_told_at_the_commit(each_backend):
    [there] = record("a")
    with pytest.raises(DuplicateEvent) as refused:
        record("b", ids=[there.id])
    assert isinstance(refused.value.__cause__, IntegrityError)
    assert [event.stream for event in read_all()] == ["a"]
    assert record("b")[0].version == 1  # the connection is of use still


def test_writer_that_took_no_lock_is_told_at_the_commit(each_backend):
    with refused(WrongExpectedVersion):
        [stale] = lock("a")
        with in_background(lambda: around_the_lock("a")):
            pass
        append(stale, [a_deposit()])
    assert len(list(read("a"))) == 1


def around_the_lock(name):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
            " correlation_id, causation_id, metadata, recorded_at, occurred_at) VALUES (%s, %s, 1,"
            " 'bank.Deposited', 1, %s, %s, %s, '{}', now(), now())",
            [uuid4(), name, '{"account": "a", "amount": 1, "balance": 1}', uuid4(), uuid4()],
        )


@pytest.mark.parametrize(
    "ask",
    [
        lambda: lock(StreamName("c")),
        lambda: list(read(StreamName("c"))),
        lambda: Account.objects.exists(),
        lambda: transaction.atomic().__enter__(),
    ],
)
def test_duplicate_is_told_by_the_next_statement(ask):
    [there] = record("a")
    with refused(DuplicateEvent):
        [stream] = lock("b")
        append(stream, [a_deposit()], ids=[there.id])
        ask()
        pytest.fail("It was not told.")
    assert [event.stream for event in read_all()] == ["a"]


@pytest.mark.parametrize("savepoint", [True, False])
def test_duplicate_is_not_taken_for_what_a_projection_catches(each_backend, savepoint):
    """It catches what its own statement may say."""
    Account.objects.create(account="a", amount=1, changed_at=datetime.now(UTC))
    [there] = record("a")
    with refused(DuplicateEvent):
        [stream] = lock("b")
        append(stream, [a_deposit()], ids=[there.id])
        with suppress(IntegrityError), transaction.atomic(savepoint=savepoint):
            Account.objects.create(account="a", amount=1, changed_at=datetime.now(UTC))
    assert [event.stream for event in read_all()] == ["a"]


def test_what_a_projection_catches_leaves_the_event(each_backend):
    Account.objects.create(account="a", amount=1, changed_at=datetime.now(UTC))
    with transaction.atomic():
        [stream] = lock("b")
        append(stream, [a_deposit()])
        with suppress(IntegrityError), transaction.atomic():
            later(TWICE, [])
    assert [event.stream for event in read_all()] == ["b"]


def test_stream_is_locked_again_after_its_savepoint(each_backend):
    """With the rollback its lock is gone, and the one by which followers know who writes."""
    with transaction.atomic():
        with suppress(ZeroDivisionError), transaction.atomic():
            [stream] = lock("a")
            1 / 0  # noqa: B018
        with pytest.raises(RuntimeError, match="Lock the streams again"):
            append(stream, [a_deposit()])
        [stream] = lock("a")
        append(stream, [a_deposit()])
    assert [event.version for event in read("a")] == [1]


def test_stream_is_locked_again_after_a_savepoint_in_which_it_grew(each_backend):
    """Or there would be a version 2 without a version 1."""
    with transaction.atomic():
        [stream] = lock("a")
        with suppress(ZeroDivisionError), transaction.atomic():
            append(stream, [a_deposit()])
            1 / 0  # noqa: B018
        with pytest.raises(RuntimeError, match="Lock the streams again"):
            append(stream, [a_deposit()])
        [stream] = lock("a")
        append(stream, [a_deposit()])
    assert [event.version for event in read("a")] == [1]


def test_savepoints_within_which_all_is_appended(each_backend):
    with transaction.atomic():
        [a] = lock("a")
        with transaction.atomic():
            [b] = lock("b")
            append_many([NewEvent(a, a_deposit()), NewEvent(b, a_deposit())])
            with transaction.atomic(savepoint=False):
                append(a, [a_deposit()])
            append(a, [a_deposit()])
    assert [event.stream for event in read_all()] == ["a", "b", "a", "a"]


def test_stream_of_a_transaction_that_has_ended():
    with transaction.atomic():
        [stream] = lock("a")
    with pytest.raises(RuntimeError, match=r"Append inside transaction\.atomic"):
        append(stream, [a_deposit()])


def test_locks_one_after_the_other_while_somebody_else_writes(each_backend):
    """The positions of a stream rise with its versions, and those of a transaction with its
    appends."""
    with transaction.atomic():
        [a] = lock("a")
        with in_background(lambda: record("b")):
            pass
        [b] = lock("b")
        append(b, [a_deposit()])
        append(a, [a_deposit()])
    assert [(event.stream, event.version) for event in read_all()] == [("b", 1), ("b", 2), ("a", 1)]


def test_time_is_taken_after_the_wait(each_backend):
    """A writer who waits for another one comes after him."""
    with ExitStack() as at_the_end, transaction.atomic():
        lock("a")
        at_the_end.enter_context(in_background(lambda: record("a")))
        until(lambda: waiting_for(backend()))
        [stream] = lock("a")
        append(stream, [a_deposit()])
    times = [event.recorded_at for event in read("a")]
    assert times == sorted(times)


def test_position_before_the_commit_takes_a_round_trip(traced):  # noqa: F811
    def write(ask):
        with transaction.atomic():
            [stream] = lock("a")
            [event] = append(stream, [a_deposit()])
            if ask:
                assert event.position == event.position
        return event.position

    assert round_trips(traced(write, False)) == 2
    assert round_trips(traced(write, True)) == 3


def test_position_of_what_was_rolled_back():
    with suppress(ZeroDivisionError), transaction.atomic():
        [stream] = lock("a")
        [event] = append(stream, [a_deposit()])
        1 / 0  # noqa: B018
    with pytest.raises(RuntimeError, match="no position: its transaction was rolled back"):
        print(event.position)


def test_command_that_a_policy_issues_takes_one_more(traced, settings):  # noqa: F811
    settings.PROJECTIONS = {}
    settings.POLICIES = {}
    assert round_trips(traced(execute, deposit, Deposit("abc", 1))) == 2
    settings.POLICIES = {"copy": f"{__name__}.copy"}
    assert round_trips(traced(execute, deposit, Deposit("abc", 1))) == 3


def copy(tx, event: RecordedEvent[Deposited]):
    if event.data.account == "abc":
        tx.execute(deposit, Deposit("copy", event.data.amount))


@dataclass(frozen=True)
class Anything:
    type: ClassVar[str] = "test.Anything"
    schema_version: ClassVar[int] = 1
    any: Any = None
    number: float = 0.0
    at: datetime | None = None
    names: dict[str, list[float]] = field(default_factory=dict)


texts = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
floats = some.floats(allow_nan=False, allow_infinity=False)
plain = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**70), 2**70) | texts,
    lambda parts: some.lists(parts, max_size=3) | some.dictionaries(texts, parts, max_size=4),
    max_leaves=8,
)
zones = some.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = some.datetimes(datetime(2, 1, 1), datetime(9990, 1, 1), timezones=zones)
events = some.builds(
    Anything, plain, floats, some.none() | moments, some.dictionaries(texts, some.lists(floats))
)
anything = some.recursive(plain | floats, lambda parts: some.dictionaries(texts, parts, max_size=4))


@given(
    event=events,
    when=some.none() | moments | some.datetimes(datetime(2, 1, 1), datetime(9990, 1, 1)),
    metadata=some.dictionaries(texts, anything, max_size=4),
    name=texts,
)
@example(Anything({"bb": 1, "a": 2, "ä": 3}), None, {"much": 1e22, "no": -0.0, "little": 1e-7}, "s")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_appended_is_what_a_read_gives(event_settings, event, when, metadata, name):
    """Attribute by attribute, and in the order of keys; before the commit, and after it."""
    with transaction.atomic():
        [stream] = lock(name)
        [appended] = append_many([NewEvent(stream, event, when)], metadata=metadata)
        before = [repr(getattr(appended, each)) for each in ATTRIBUTES]
    [*_, found] = read(name)
    assert before == [repr(getattr(appended, each)) for each in ATTRIBUTES]
    assert before == [repr(getattr(found, each)) for each in ATTRIBUTES]
    assert appended == found
    if when:  # without a zone: UTC, as all times of the session, whatever the machine's
        assert found.occurred_at == (when if when.tzinfo else when.replace(tzinfo=UTC))


@pytest.fixture
def event_settings(settings, monkeypatch):
    """On a machine with a time zone of its own."""
    settings.EVENTS = [__name__]
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
