"""A handler that raises undoes the whole command, and hinders no other one."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from cqrs_example.eventstore import Event, RecordedEvent
from cqrs_example.messaging import Transaction, execute

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.events import WarnedOfLowBalance

pytestmark = pytest.mark.usefixtures("bank", "failing")

# The module itself is the projection.
MODELS: list[type] = []


class Failed(Exception):
    """What an ordinary mistake in a projection or a policy raises."""


def project(events: Sequence[RecordedEvent[Event]]) -> None:
    fail_at_warning(*events)


def fail_at_warning(*events: RecordedEvent[Event]) -> None:
    if any(isinstance(event.data, WarnedOfLowBalance) for event in events):
        raise Failed


def policy(tx: Transaction, event: RecordedEvent[Event]) -> None:
    fail_at_warning(event)


@pytest.fixture(params=["first projection", "last projection", "first policy", "last policy"])
def failing(request: pytest.FixtureRequest, bank: None, settings: Any) -> None:
    """One more listener, which raises when it hears of a low balance."""
    place, kind = request.param.split()
    setting, path = {
        "projection": ("PROJECTIONS", __name__),
        "policy": ("POLICIES", f"{__name__}.policy"),
    }[kind]
    entries, failing = getattr(settings, setting), {"failing": path}
    both = {**failing, **entries} if place == "first" else {**entries, **failing}
    setattr(settings, setting, both)


def test_handler_that_fails_leaves_nothing_anywhere(transactional_db, everything, caplog):
    execute(deposit, Deposit("ann", 10))
    before = everything()
    with caplog.at_level(logging.WARNING), pytest.raises(Failed):
        execute(withdraw, Withdraw("ann", 7))
    assert everything() == before
    assert caplog.messages == []


def test_handler_that_fails_is_no_answer_and_hinders_no_other_command(transactional_db, client):
    def post(command: str, amount: int) -> int:
        path = f"/accounts/ann/{command}"
        answer = client.post(path, {"amount": amount}, content_type="application/json")
        return int(answer.status_code)

    client.raise_request_exception = False
    statuses = [post("deposit", 10), post("withdraw", 7), post("withdraw", 4), post("withdraw", 1)]
    assert statuses == [200, 500, 200, 500]
    assert client.get("/accounts").json() == [{"account": "ann", "amount": 6}]
