"""A simulated command tells what it would do, fails where it would fail, and leaves nothing."""

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from cqrs_example.eventstore import read_all
from cqrs_example.inspection.models import RefusedCommand
from cqrs_example.inspection.simulating import handlers, simulate
from cqrs_example.messaging import execute

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.models import Account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


def simulated(*arguments):
    out = StringIO()
    call_command("simulate", *arguments, stdout=out)
    return out.getvalue()


def test_tells_events_of_policies_too_and_rows(caplog):
    execute(deposit, Deposit("ann", 10))
    execute(deposit, Deposit("bob", 20))
    simulation = simulate(withdraw, Withdraw("ann", 7), "clerk")
    assert [str(event) for event in simulation.events] == [
        "Withdrew 7 from ann, 3 left",
        "Warned that ann is low, 3 left",
    ]
    [change] = [one for one in simulation.changes if one.projection == "accounts"]
    assert change.fields["amount"] == (10, 3)
    assert change.key["account"] == "ann"
    [low] = [one for one in simulation.changes if one.projection == "low_balances"]
    assert low.before is None
    assert low.after["account"] == "ann"
    assert "Low balance" not in caplog.text  # it would say so after the commit
    assert [str(event.data.account) for event in read_all()] == ["ann", "bob"]
    assert dict(Account.objects.values_list("account", "amount")) == {"ann": 10, "bob": 20}
    execute(withdraw, Withdraw("ann", 7))
    assert Account.objects.get(account="ann").amount == 3


def test_row_that_others_change_meanwhile_is_not_told():
    execute(deposit, Deposit("ann", 10))
    other = connection.copy()

    def handle(tx, command: Deposit):
        events = deposit(tx, command)
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO bank_account SELECT 'eve', 1, now()")
        return events

    try:
        changes = simulate(handle, Deposit("ann", 1)).changes
    finally:
        other.close()
    assert [one.key["account"] for one in changes if one.projection == "accounts"] == ["ann"]


def test_deferred_constraint_fails_as_at_the_commit():
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE once (n int CONSTRAINT once_only UNIQUE DEFERRABLE INITIALLY DEFERRED);"
            " INSERT INTO once VALUES (1)"
        )

    def handle(tx, command: Deposit):
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO once VALUES (1)")
        return []

    try:
        with pytest.raises(Exception, match="once_only"):
            simulate(handle, Deposit("ann", 1))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE once")


def test_command_line():
    execute(deposit, Deposit("ann", 10))
    told = simulated("Withdraw", "account=ann", "amount=7", "--actor", "clerk")
    assert "Withdraw: #" in told
    assert "WarnOfLowBalance: #" in told
    assert "    amount: 10 -> 3\n" in told
    assert told.endswith("All of it was rolled back. The positions above stay unused.\n")
    assert len(list(read_all())) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence", "status"),
    [
        (
            ["Withdraw", "account=ann", "amount=7"],
            "The command would be refused: Insufficient funds.",
            1,
        ),
        (["Gone"], "There is no command Gone. There are: Deposit, Withdraw, WarnOfLowBal", 2),
        (["Deposit", "ann"], "Write FIELD=VALUE, not 'ann'.", 2),
        (["Deposit", "account=ann"], "Deposit needs amount.", 2),
        (["Deposit", "sum=1"], "Deposit has no field sum. It has: account, amount.", 2),
        (["Deposit", "account=a", "amount=x"], "must be a value of the type int, not 'x'.", 2),
        (["Deposit", "account=a\0", "amount=1"], "The command would fail: ValueError", 1),
    ],
)
def test_what_cannot_be_simulated_is_a_sentence(arguments, sentence, status):
    with pytest.raises(CommandError) as failure:
        simulated(*arguments)
    assert sentence in str(failure.value)
    assert failure.value.returncode == status
    assert not RefusedCommand.objects.exists()


def test_commands_that_need_more_are_not_offered():
    assert list(handlers()) == ["Deposit", "Withdraw", "WarnOfLowBalance"]


def test_form_in_the_admin(client):
    execute(deposit, Deposit("ann", 10))
    address = "/admin/eventstore/storedevent/simulate/"
    assert client.get(address).status_code in (302, 401)
    client.force_login(User.objects.create_superuser("boss"))
    assert "?command=Withdraw" in client.get(address).content.decode()
    form = client.get(address, {"command": "Withdraw"}).content.decode()
    assert 'name="amount"' in form
    sent = {"account": "ann", "amount": "7", "reference": ""}
    page = client.post(f"{address}?command=Withdraw", sent).content.decode()
    assert "Warned that ann is low, 3 left" in page
    assert "rolled back" in page
    sent["amount"] = "11"
    page = client.post(f"{address}?command=Withdraw", sent).content.decode()
    assert "The command would be refused: Insufficient funds." in page
    sent["amount"] = "<b>"
    page = client.post(f"{address}?command=Withdraw", sent).content.decode()
    assert "not &#x27;&lt;b&gt;&#x27;." in page
    assert client.get(address, {"command": "Gone"}).status_code == 404
    assert len(list(read_all())) == 1
