"""Rebuild and verify, of a read model that workers deliver to: exact, and no writer waits."""

from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from cqrs_example.messaging import execute
from cqrs_example.projections import rebuild as rebuilding
from cqrs_example.subscriptions.checkpoints import reset
from cqrs_example.subscriptions.models import Checkpoint
from cqrs_example.subscriptions.switching import switch

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.models import Account, DayOfWithdrawals
from .racing import all_at_once, in_background, until
from .subscribing import working

pytestmark = pytest.mark.usefixtures("bank")
NAMES = ["accounts", "low_balances", "withdrawals"]


@pytest.fixture(autouse=True)
def _asynchronous(transactional_db: None, settings: Any) -> None:
    settings.SUBSCRIPTIONS = [*NAMES, *settings.POLICIES]
    switch()


def some(account: str, times: int = 5) -> None:
    execute(deposit, Deposit(account, 100))
    for _ in range(times):
        execute(withdraw, Withdraw(account, 1))


def withdrawn() -> int:
    return sum(DayOfWithdrawals.objects.values_list("amount", flat=True))


def caught_up(*names: str) -> None:
    def behind() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(position) FROM eventstore_event")
            [last] = cursor.fetchone()
        return Checkpoint.objects.filter(name__in=names, position__lt=last).exists()

    until(lambda: not behind())


def test_verify_compares_at_the_checkpoint(capsys: Any) -> None:
    some("a")
    call_command("verify", *NAMES)  # nothing was heard, and nothing is there
    with working("accounts"):
        caught_up("accounts")
    some("a")
    call_command("verify", *NAMES)
    Account.objects.update(amount=7)
    with pytest.raises(CommandError, match="1 failed"):
        call_command("verify", "accounts")
    assert 'bank_account" a has amount 7, not 95' in capsys.readouterr().out


def test_rebuild_goes_up_to_the_checkpoint() -> None:
    some("a")
    with working(*NAMES):
        caught_up(*NAMES)
    some("a")
    DayOfWithdrawals.objects.update(amount=99)
    call_command("rebuild", "withdrawals")
    assert withdrawn() == 5
    with working(*NAMES):
        caught_up(*NAMES)
    assert withdrawn() == 10
    call_command("verify", *NAMES)


def test_reset_and_rebuild() -> None:
    """What a worker would add twice is made right by a rebuild."""
    some("a")
    with working(*NAMES):
        caught_up(*NAMES)
    reset("withdrawals", 0)
    call_command("rebuild", "withdrawals")
    assert withdrawn() == 0
    with working(*NAMES):
        caught_up(*NAMES)
    assert withdrawn() == 5


def test_under_load() -> None:
    with working(*NAMES, "warn_when_low"):
        load = [lambda account=f"s{n}": some(account, 40) for n in range(2)]
        for n in range(2):
            some(f"s{n}")

        def check() -> None:
            for _ in range(2):
                call_command("rebuild", "--all")
                call_command("verify", *NAMES)

        all_at_once([*load, check])
        caught_up(*NAMES)
    call_command("verify")
    assert withdrawn() == 90


def test_no_writer_waits_for_a_rebuild(monkeypatch: Any) -> None:
    some("a")
    with working("accounts"):
        caught_up("accounts")
    Account.objects.update(amount=7)
    inside, go_on = Event(), Event()
    make_equal = rebuilding.make_equal

    def slowly(*rows: Any) -> int:
        inside.set()
        go_on.wait(20)
        return make_equal(*rows)

    monkeypatch.setattr(rebuilding, "make_equal", slowly)
    with in_background(lambda: call_command("rebuild", "accounts")):
        inside.wait(20)
        some("b")
        go_on.set()


def test_checkpoint_that_is_put_back_meanwhile(monkeypatch: Any, capsys: Any) -> None:
    some("a")
    with working(*NAMES):
        caught_up(*NAMES)
    forget = rebuilding.forget

    def put_back(table: Any) -> None:
        with in_background(lambda: reset("accounts", 0)):
            pass
        forget(table)

    monkeypatch.setattr(rebuilding, "forget", put_back)
    with pytest.raises(CommandError):
        call_command("rebuild", "accounts")
    assert "The checkpoint was put back to position 0 meanwhile" in capsys.readouterr().out
    assert Account.objects.get().amount == 95
    assert transaction.get_autocommit()
