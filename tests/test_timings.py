"""How long handlers took: kept if it commits, beside the commands, for a while."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from cqrs_example.inspection import timings
from cqrs_example.inspection.models import HandlerTiming
from cqrs_example.inspection.simulating import simulate
from cqrs_example.messaging import Context, DomainError, execute, observing

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .racing import until
from .subscribing import Subscribed, add, working

TIMED = ["cqrs_example.inspection.timings.timed"]
OVERVIEW = "/admin/eventstore/storedevent/overview/"


@pytest.fixture
def timed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written when the test says so."""
    monkeypatch.setattr(timings.ASIDE, "begin", lambda: None)
    timings.ASIDE.waiting.clear()
    settings.AROUND_HANDLERS, settings.TIMINGS_ONE_OF = TIMED, 1


@pytest.fixture
def staff(client: Client, transactional_db: None) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


def kept() -> list[HandlerTiming]:
    timings.ASIDE.flush()
    return list(HandlerTiming.objects.order_by("id"))


@pytest.mark.usefixtures("transactional_db", "bank", "timed")
def test_each_handler_and_the_commit_are_kept() -> None:
    [event] = execute(deposit, Deposit("ann", 7))
    assert not HandlerTiming.objects.exists()  # the command has not waited for it
    rows = {row.handler: row for row in kept()}
    assert {"accounts", "COMMIT"} <= rows.keys()
    for row in rows.values():
        assert (row.first, row.last, row.events) == (event.position, event.position, 1)
        assert row.correlation_id == event.correlation_id
        assert row.microseconds > 0
    assert rows["accounts"].statements >= 1

    assert rows["COMMIT"].statements >= 2


@pytest.mark.usefixtures("transactional_db", "bank", "timed")
def test_nothing_is_kept_of_what_was_rolled_back() -> None:
    with pytest.raises(DomainError):
        execute(withdraw, Withdraw("ann", 7))
    simulate(deposit, Deposit("ann", 7))
    assert kept() == []


@pytest.mark.usefixtures("bank", "timed")
def test_admin_shows_them(staff: Client) -> None:
    [event] = execute(deposit, Deposit("ann", 7))
    execute(deposit, Deposit("ben", 7))
    timings.ASIDE.flush()
    page = staff.get(f"/admin/eventstore/storedevent/{event.position}/change/")
    assert [one["handler"] for one in page.context["timings"]].count("accounts") == 1
    assert "How long its handlers took" in page.content.decode()
    overview = staff.get(OVERVIEW)
    slow = {one["handler"]: one for one in overview.context["slow"]}
    assert slow["accounts"]["calls"] == 2
    assert re.search("Slow handlers.*accounts", overview.content.decode(), re.DOTALL)


@pytest.mark.usefixtures("timed")
def test_worker_that_hears_many_at_once(subscribed: Subscribed, staff: Client) -> None:
    subscribed.switch("ledger")
    events = add("a", 1, 2, 3)
    with working("ledger"):
        subscribed.caught_up()
    timings.ASIDE.flush()
    for event in events:
        page = staff.get(f"/admin/eventstore/storedevent/{event.position}/change/")
        [ledger] = [one for one in page.context["timings"] if one["handler"] == "ledger"]
        assert ledger["events"] == 3
    [another] = add("a", 4)
    page = staff.get(f"/admin/eventstore/storedevent/{another.position}/change/")
    assert [one for one in page.context["timings"] if one["handler"] == "ledger"] == []


@pytest.mark.usefixtures("transactional_db", "bank", "timed")
def test_trimmed_by_age_and_by_number(settings: Any) -> None:
    for _ in range(3):
        execute(deposit, Deposit("ann", 1))
    rows = kept()
    settings.TIMINGS_KEPT = 3
    timings.trim()
    assert list(HandlerTiming.objects.order_by("id")) == rows[-3:]
    HandlerTiming.objects.update(at=timezone.now() - timedelta(days=8))
    timings.trim()
    assert not HandlerTiming.objects.exists()


@pytest.mark.usefixtures("transactional_db", "bank")
def test_a_thread_writes_them(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.AROUND_HANDLERS, settings.TIMINGS_ONE_OF = TIMED, 1
    monkeypatch.setattr(timings.ASIDE, "every", 0.05)
    execute(deposit, Deposit("ann", 7))
    until(lambda: HandlerTiming.objects.filter(handler="COMMIT").exists())


@pytest.mark.usefixtures("transactional_db", "bank")
def test_thread_goes_on_after_a_failure(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.AROUND_HANDLERS, settings.TIMINGS_ONE_OF = TIMED, 1
    monkeypatch.setattr(timings.ASIDE, "every", 0.05)
    observing._said.clear()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inspection_handlertiming RENAME TO away")
    try:
        execute(deposit, Deposit("ann", 7))
        until(lambda: "inspection.timings does not work" in caplog.text)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO inspection_handlertiming")
    execute(deposit, Deposit("ann", 7))
    until(lambda: HandlerTiming.objects.filter(handler="COMMIT").exists())


@pytest.mark.usefixtures("transactional_db", "bank", "timed")
def test_one_of_some_requests(settings: Any) -> None:
    settings.TIMINGS_ONE_OF = 16
    for number in (15, 16, 17):
        execute(deposit, Deposit("ann", 1), Context(correlation_id=UUID(int=number)))
    assert {row.correlation_id for row in kept()} == {UUID(int=16)}


@pytest.mark.usefixtures("timed", "bank")
def test_admin_without_any(staff: Client) -> None:
    assert "Slow handlers" not in staff.get(OVERVIEW).content.decode()
