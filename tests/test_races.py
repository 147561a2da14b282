"""Many at the same moment, on connections of their own."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from cqrs_example.eventstore import RecordedEvent, append, caused_by, last_event, lock, read
from cqrs_example.messaging import Context, Repeated, execute, upsert

from .bank.events import Deposited, account_stream
from .bank.models import DayOfWithdrawals
from .racing import all_at_once, backend, in_background, until, waiting_for

pytestmark = pytest.mark.usefixtures("bank")


def test_withdraw_by_twenty_from_ten(server, rows):
    server.deposit("abc", 10)
    answers = all_at_once([lambda: server.withdraw("abc", 1)] * 20)
    assert sorted(answer.status for answer in answers) == [200] * 10 + [400] * 10
    refusals = {answer.text for answer in answers if answer.status == 400}
    assert refusals == {"Insufficient funds."}
    assert server.balances() == {"abc": 0}
    assert [event.version for event in read(account_stream("abc"))] == [*range(1, 12)]


def test_deposit_first_by_twenty(server):
    answers = all_at_once([lambda n=n: server.deposit("new", n) for n in range(1, 21)])
    assert [answer.status for answer in answers] == [200] * 20
    assert server.balances() == {"new": sum(range(1, 21))}
    assert [event.version for event in read(account_stream("new"))] == [*range(1, 21)]


@pytest.mark.parametrize("send", ["deposit", "withdraw"])
def test_same_command_id_twenty_times(server, send):
    server.deposit("abc", 7)
    key = str(uuid4())
    answers = all_at_once([lambda: getattr(server, send)("abc", 7, Idempotency_Key=key)] * 20)
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"")] * 20
    assert server.balances() == {"abc": 14 if send == "deposit" else 0}
    assert [event.version for event in read(account_stream("abc"))] == [1, 2]
    assert len(caused_by(UUID(key))) == 1


def test_same_command_id_for_different_accounts(server):
    key = str(uuid4())
    answers = all_at_once(
        [lambda n=n: server.deposit(f"account-{n}", 1, Idempotency_Key=key) for n in range(8)]
    )
    assert sorted(answer.status for answer in answers) == [200] + [422] * 7
    assert sum(server.balances().values()) == 1


@dataclass(frozen=True)
class Move:
    """A command over several streams, in the order that it names them."""

    streams: tuple[str, ...]


def move(tx, command):
    for stream in tx.lock(*command.streams):
        tx.append(stream, [Deposited(stream.name, 1, stream.version + 1)])


@pytest.mark.django_db(transaction=True)
def test_several_streams_in_opposite_order():
    names = ("a", "b", "c", "d", "e")
    orders = [names, names[::-1], names[2:] + names[:2], names[::-1][1:] + names[::-1][:1]]

    attempts = []

    def counted(tx, command):
        attempts.append(command)
        move(tx, command)

    def repeatedly(order):
        return [execute(counted, Move(order)) for _ in range(15)]

    all_at_once([lambda order=order: repeatedly(order) for order in orders])
    assert [last_event(name).version for name in names] == [60] * 5
    assert len(attempts) == 60  # a deadlock would have been tried again


@pytest.mark.django_db(transaction=True)
def test_writers_of_one_stream_queue_and_others_pass():
    release = threading.Event()

    def hold():
        with transaction.atomic():
            lock("held")
            pids.append(backend())
            release.wait(20)

    pids = []
    with in_background(hold):
        try:
            [holder] = until(lambda: pids)
            with in_background(lambda: execute(move, Move(("held",)))) as queued:
                until(lambda: waiting_for(holder))
                execute(move, Move(("other",)))  # comes back: it waits for nobody
                assert not queued.done()
                assert last_event("held") is None
                release.set()
        finally:
            release.set()
    assert last_event("held").version == 1


@pytest.mark.django_db(transaction=True)
def test_who_waited_decides_on_what_was_committed_meanwhile():
    """The lock and the reading are two statements: one would have the snapshot from before."""
    release = threading.Event()

    def first():
        with transaction.atomic():
            [stream] = lock("a")
            pids.append(backend())
            release.wait(20)
            append(stream, [Deposited("a", 1, 1)])

    pids = []
    with in_background(first):
        [holder] = until(lambda: pids)
        with in_background(lambda: execute(move, Move(("a",)))):
            until(lambda: waiting_for(holder))
            release.set()
    first_event, second = read("a")
    assert (first_event.version, second.version) == (1, 2)
    assert first_event.recorded_at <= second.recorded_at
    assert first_event.position < second.position


@pytest.mark.django_db(transaction=True)
def test_same_command_id_in_process():
    context = Context()
    results = all_at_once([lambda: execute(move, Move(("a", "b")), context)] * 8)
    assert [isinstance(result, Repeated) for result in results].count(False) == 1
    assert all(result == results[0] for result in results)
    assert last_event("a").version == last_event("b").version == 1


MODELS = [DayOfWithdrawals]
SHARED = {"account": "all together", "day": date(2020, 1, 1)}


def add_in_the_database(events: Sequence[RecordedEvent[Deposited]]) -> None:
    row = {**SHARED, "amount": sum(event.data.amount for event in events), "withdrawals": 0}
    upsert(DayOfWithdrawals, [row], add=["amount"])


def read_and_write_back(events: Sequence[RecordedEvent[Deposited]]) -> None:
    empty = DayOfWithdrawals(**SHARED, amount=0, withdrawals=0)
    DayOfWithdrawals.objects.bulk_create([empty], ignore_conflicts=True)
    row = DayOfWithdrawals.objects.select_for_update().get(**SHARED)
    row.amount += sum(event.data.amount for event in events)
    row.save()


way_of = {"writing": add_in_the_database}


def project(events: Sequence[RecordedEvent[Deposited]]) -> None:
    way_of["writing"](events)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", [add_in_the_database, read_and_write_back])
def test_row_that_several_streams_share(settings, monkeypatch, way):
    """Nobody's lock guards it: both ways of docs/copying.md keep what others add meanwhile."""
    settings.PROJECTIONS, settings.POLICIES, settings.SUBSCRIPTIONS = {"shared": __name__}, {}, []
    monkeypatch.setitem(way_of, "writing", way)

    def repeatedly(name):
        return [execute(move, Move((name,))) for _ in range(15)]

    all_at_once([lambda name=name: repeatedly(name) for name in "abcdef"])
    assert DayOfWithdrawals.objects.get().amount == 6 * 15
