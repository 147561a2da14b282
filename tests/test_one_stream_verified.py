"""The rows about one stream beside its events, from the stream's page."""

import pytest
from django.contrib.auth.models import User

from cqrs_example.messaging import execute
from cqrs_example.projections import one_stream

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.models import Account, LowBalance

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

LIST = "/admin/eventstore/storedevent/"


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("boss"))
    execute(deposit, Deposit("ann", 10))
    execute(deposit, Deposit("bob", 20))
    execute(withdraw, Withdraw("ann", 7))  # of which a warning follows, in a stream of its own
    return client


def verified(client, name, status=200):
    answer = client.get(f"{LIST}verified/", {"name": name})
    assert answer.status_code == status
    found = answer.context.get("found", [])
    return {one.projection: one for one in found}, answer.content.decode()


def test_rows_that_agree(staff):
    page = staff.get(f"{LIST}stream/", {"name": "account-ann"}).content.decode()
    assert f'href="{LIST}verified/?name=account-ann"' in page
    found, page = verified(staff, "account-ann")
    assert "1 row agrees with" in page
    assert found["accounts"][1:] == (1, [], "")
    assert found["low_balances"][1:] == (1, [], "")


def test_rows_that_differ(staff):
    Account.objects.filter(account="ann").update(amount=77)
    Account.objects.filter(account="bob").update(amount=78)
    LowBalance.objects.all().delete()
    found, page = verified(staff, "account-ann")
    [account], [low] = found["accounts"].findings, found["low_balances"].findings
    assert "ann has amount 77, not 3" in account
    assert "is missing" in low
    assert "amount 78" not in page
    Account.objects.create(account="zed", amount=1, changed_at=Account.objects.first().changed_at)
    found, _ = verified(staff, "account-zed")
    assert "should not be there" in found["accounts"].findings[0]


def test_too_many_events_are_a_sentence(staff, monkeypatch):
    monkeypatch.setattr(one_stream, "AFFORDABLE", 1)
    assert "more than 1 events" in verified(staff, "account-ann")[1]


def test_nothing_is_known_of_such_a_stream(staff):
    verified(staff, "nothing", 404)
    verified(staff, "account-\0", 404)
