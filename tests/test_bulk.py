"""Thousands of events in one command, delivered like one."""

from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cqrs_example.eventstore import NewEvent, read_all
from cqrs_example.messaging import Context, Repeated, execute

from .bank.events import Deposited, Withdrawn, account_stream
from .bank.models import Account, LowBalance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank")]
ACCOUNTS = [f"account-{n:04}" for n in range(1000)]


@dataclass(frozen=True)
class Stocktake:
    """So many events for each account: all but the last receive one."""

    events: int
    left: int | None = None


def stocktake(tx, command):
    streams = tx.lock(*map(account_stream, ACCOUNTS))
    new = [
        NewEvent(stream, Deposited(account, 1, stream.version + 1 + n))
        for n in range(command.events)
        for account, stream in zip(ACCOUNTS, streams, strict=True)
    ]
    if command.left is not None:
        new.append(NewEvent(streams[0], Withdrawn(ACCOUNTS[0], 1, command.left, "A-1001")))
    tx.append_many(new)


def statements(events):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        execute(stocktake, Stocktake(events))
    return len(captured)


def test_bulk_is_delivered():
    events = execute(stocktake, Stocktake(3, left=2))
    assert len(events) == 3001
    assert Account.objects.count() == 1000
    assert Account.objects.get(account=ACCOUNTS[0]).amount == 2
    assert set(Account.objects.exclude(account=ACCOUNTS[0]).values_list("amount", flat=True)) == {3}
    [item] = LowBalance.objects.all()
    assert (item.account, item.amount) == (ACCOUNTS[0], 2)
    assert item.warned_at
    streams = {event.stream: event.version for event in read_all()}
    assert streams[account_stream(ACCOUNTS[0])] == 4
    assert streams[account_stream(ACCOUNTS[1])] == 3


def test_bulk_takes_as_many_statements_as_one():
    assert statements(1) == statements(5)


def test_bulk_again():
    context = Context()
    events = execute(stocktake, Stocktake(2), context)
    again = execute(stocktake, Stocktake(2), context)
    assert isinstance(again, Repeated)
    assert [event.id for event in again] == [event.id for event in events]
    assert sum(1 for _ in read_all()) == 2000
