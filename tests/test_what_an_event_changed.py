"""What one event changed in the read models, found by replaying its streams."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from cqrs_example.eventstore import read_all
from cqrs_example.inspection.changing import changes_by
from cqrs_example.messaging import execute
from cqrs_example.projections import effects

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.models import Account
from .racing import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


@pytest.fixture
def log():
    execute(deposit, Deposit("ann", 10))
    execute(deposit, Deposit("bob", 20))
    execute(withdraw, Withdraw("ann", 7))
    execute(deposit, Deposit("ann", 100))
    return list(read_all())


def test_rows_before_and_after_are_those_of_that_moment(log):
    first, _, withdrawn, warned, last = log
    [account] = [one for one in changes_by(first) if one.projection == "accounts"]
    assert (account.before, account.after["amount"]) == (None, 10)
    [account] = [one for one in changes_by(withdrawn) if one.projection == "accounts"]
    assert account.fields["amount"] == (10, 3)
    [low] = [one for one in changes_by(withdrawn) if one.projection == "low_balances"]
    assert low.before is None
    # The warning has a stream of its own; its row was opened by an event of another one.
    [low] = changes_by(warned)
    assert low.projection == "low_balances"
    assert None in [before for before, _ in low.fields.values()]
    [account] = [one for one in changes_by(last) if one.projection == "accounts"]
    assert account.fields["amount"] == (3, 103)
    assert dict(Account.objects.values_list("account", "amount")) == {"ann": 103, "bob": 20}
    until(lambda: temporary_tables() == 0)  # the server takes a moment to end a session


def temporary_tables():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relpersistence = 't'")
        return cursor.fetchone()[0]


def test_too_many_events_are_a_sentence(log, monkeypatch, client):
    monkeypatch.setattr(effects, "AFFORDABLE", 1)
    with pytest.raises(CommandError, match="More than 1 events stand before it"):
        call_command("events", "changed", str(log[-1].id))
    client.force_login(User.objects.create_superuser("boss"))
    page = client.get(f"/admin/eventstore/storedevent/{log[-1].position}/changed/")
    assert "More than 1 events" in page.content.decode()


def test_command_line_and_page(log, client):
    out = StringIO()
    call_command("events", "changed", f"#{log[2].position}", stdout=out)
    assert "  amount: 10 -> 3\n" in out.getvalue()
    out = StringIO()
    call_command("events", "changed", f"#{log[2].position}", "--json", stdout=out)
    changes = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {"accounts", "low_balances"} <= {one["projection"] for one in changes}
    client.force_login(User.objects.create_superuser("boss"))
    address = f"/admin/eventstore/storedevent/{log[2].position}/"
    assert f'href="{address}changed/"' in client.get(f"{address}change/").content.decode()
    page = client.get(f"{address}changed/").content.decode()
    assert "<td>amount</td><td><bdi>10</bdi></td><td><bdi>3</bdi></td>" in page
    assert client.get("/admin/eventstore/storedevent/999999/changed/").status_code == 404
