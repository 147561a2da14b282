"""A page after a form shows what the form did, or says that it will; programs ask for it."""

from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from cqrs_example import waiting
from cqrs_example.eventstore import read_all
from cqrs_example.subscriptions.models import Checkpoint
from cqrs_example.subscriptions.switching import switch
from cqrs_example.waiting import SOON

from .racing import in_background
from .subscribing import working

pytestmark = pytest.mark.usefixtures("bank")
NAMES = ["accounts", "low_balances", "withdrawals"]
POLICY = "warn_when_low"
DEPOSIT = "/accounts/wxyz/deposit"


@pytest.fixture
def asynchronous(transactional_db: None, bank: None, settings: Any) -> None:
    settings.SUBSCRIPTIONS = [*NAMES, POLICY]
    switch()


def form(client: Any) -> Any:
    return client.post(DEPOSIT, {"amount": "5", "next": "/accounts"})


def program(client: Any, **headers: str) -> Any:
    body = '{"amount": 5}'
    return client.post(DEPOSIT, body, content_type="application/json", headers=headers)


def page(client: Any) -> str:
    return str(client.get("/accounts", headers={"accept": "text/html"}).content.decode())


def test_page_right_after_the_form(asynchronous: None, client: Any) -> None:
    with working(*NAMES):
        for _ in range(10):
            assert form(client).status_code == 303
            text = page(client)
            assert SOON not in text
            assert "wxyz" in text


def test_worker_that_is_slow(asynchronous: None, client: Any) -> None:
    """It holds the checkpoint, as in a long transaction, and goes on while the answer waits."""
    held, go_on = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            Checkpoint.objects.select_for_update().get(name="accounts")
            held.set()
            go_on.wait(20)

    with working(*NAMES), in_background(hold):
        held.wait(20)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(waiting, "PATIENCE", 20.0)
            patch.setattr(waiting.time, "sleep", lambda seconds: go_on.set())
            form(client)
        assert SOON not in page(client)


def test_workers_that_are_stopped(asynchronous: None, client: Any) -> None:
    form(client)
    text = page(client)
    assert SOON in text
    assert "wxyz" not in text.rpartition(SOON)[2]
    with working(*NAMES):
        form(client)  # catches up with the one before, too
    assert SOON not in page(client)


def test_projection_that_stands_still_is_not_waited_for(asynchronous: None, client: Any) -> None:
    Checkpoint.objects.filter(name="accounts").update(trouble="it cannot go on")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting.time, "sleep", pytest.fail)
        form(client)
    assert SOON in page(client)


def test_policies_are_not_waited_for(asynchronous: None, client: Any) -> None:
    with working(*NAMES):
        form(client)
    assert SOON not in page(client)


@pytest.mark.parametrize(
    ("prefer", "status", "applied"),
    [
        ("wait=20", 200, "wait=20"),
        ("respond-async, wait=5", 200, "wait=5"),
        ("WAIT=5; foo", 200, "wait=5"),
        ("wait=x", 200, None),
        ("await=5", 200, None),
        ("wait=1.5", 200, None),
        ("", 200, None),
    ],
)
def test_program_that_asks(
    asynchronous: None, client: Any, prefer: str, status: int, applied: str | None
) -> None:
    with working(*NAMES):
        response = program(client, prefer=prefer)
        assert (response.status_code, response.get("Preference-Applied")) == (status, applied)
        if applied:
            assert b'"account":"wxyz"' in client.get("/accounts").content
    assert response["Log-Position"] == str(list(read_all())[-1].position)


def test_program_that_asks_too_short(asynchronous: None, client: Any) -> None:
    response = program(client, prefer="wait=0")
    assert (response.status_code, response.content) == (202, b"")
    assert len(list(read_all())) == 1
    assert program(client).status_code == 200  # nobody asked: it does not wait


def test_refusal_waits_for_nothing(asynchronous: None, client: Any) -> None:
    path = "/accounts/wxyz/withdraw"
    headers = {"prefer": "wait=9"}
    response = client.post(path, '{"amount": 5}', "application/json", headers=headers)
    assert (response.status_code, response.get("Log-Position")) == (400, None)


def test_database_that_goes_away_after_the_commit(asynchronous: None, client: Any) -> None:
    """The command is recorded: the answer must not say that it failed."""

    def heard(position: int, seconds: float) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "have_heard", heard)
        response = program(client, prefer="wait=5")
    connection.close()
    assert response.status_code == 202


def test_in_the_transaction_nothing_is_added(transactional_db: None, client: Any) -> None:
    response = program(client, prefer="wait=5")
    assert (response.status_code, response.get("Log-Position")) == (200, None)
    assert response.get("Preference-Applied") is None
