"""What an operator does: switch, look, try again, put elsewhere; and what refuses to start."""

import json
import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection, transaction

from cqrs_example.eventstore import StreamName, lock
from cqrs_example.subscriptions import switching
from cqrs_example.subscriptions.models import Checkpoint, Parked
from cqrs_example.subscriptions.switching import CannotSwitch, differences

from . import racing
from .conftest import database_url
from .racing import all_at_once, in_background, until
from .subscribing import Subscribed, add, broken, refused, working

ROOT = Path(__file__).parent.parent


def manage(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_switching_while_somebody_writes_loses_and_doubles_nothing(subscribed: Subscribed) -> None:
    """The writers of each side end before the switch; but one that began may end late."""
    add("a", *range(5))
    assert subscribed.switch("ledger", "note")[0].startswith("ledger: from now on a worker")
    add("a", *range(5, 10))
    with working("ledger", "note"):
        subscribed.caught_up()
    assert len(subscribed.switch()) == 2
    add("a", *range(10, 15))
    subscribed.switch("note")
    add("a", *range(15, 20))
    with working("note"):
        subscribed.caught_up()
    assert subscribed.ledger() == list(range(20))
    assert sorted(subscribed.notes()) == list(range(20))


def test_switch_waits_for_a_writer_that_is_at_work(
    subscribed: Subscribed, monkeypatch: Any
) -> None:
    begun, go_on = Event(), Event()

    def writer() -> None:
        with transaction.atomic():
            lock(StreamName("a"))
            begun.set()
            go_on.wait(20)

    monkeypatch.setattr(switching, "PATIENCE", "100ms")
    with in_background(writer):
        begun.wait(20)
        subscribed.settings.SUBSCRIPTIONS = ["note"]
        with pytest.raises(CommandError, match="Nothing was changed"):
            manage("subscriptions", "switch")
        assert not Checkpoint.objects.exists()
        go_on.set()
    assert "note: from now on a worker delivers" in manage("subscriptions", "switch")


def test_switch_back_needs_everything_heard(subscribed: Subscribed) -> None:
    subscribed.switch("ledger", "note")
    add("a", 1)
    with pytest.raises(CannotSwitch, match="ledger has heard up to position 0 of"):
        subscribed.switch("note")
    assert Checkpoint.objects.count() == 2
    refused.add(1)
    with working("ledger", "note"):
        subscribed.caught_up()
    with pytest.raises(CannotSwitch, match="note has parked events"):
        subscribed.switch()
    refused.clear()
    subscribed.settings.SUBSCRIPTIONS = ["ledger", "note"]
    manage("subscriptions", "retry", "note")
    with working("ledger", "note"):
        subscribed.caught_up()
    subscribed.switch()
    add("a", 2)
    assert subscribed.ledger() == subscribed.notes() == [1, 2]
    assert not Checkpoint.objects.exists()


def test_switch_of_an_entry_that_left_the_settings(subscribed: Subscribed) -> None:
    subscribed.switch("ledger", "note")
    add("a", 1)
    subscribed.settings.POLICIES = {}
    subscribed.switch("ledger")
    assert [one.name for one in Checkpoint.objects.all()] == ["ledger"]


def test_policy_misses_nothing_from_before_its_worker(subscribed: Subscribed) -> None:
    """Commands may come between the switch and the first start of the worker."""
    subscribed.switch("ledger", "note")
    all_at_once([lambda n=n: add(f"s{n}", n) for n in range(5)])  # type: ignore[misc]
    with working("ledger", "note"):
        subscribed.caught_up()
    assert sorted(subscribed.notes()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("wanted", "switched", "sentence"),
    [
        (["ledger"], [], "leaves ledger to a worker, but the database to the transaction"),
        ([], ["note"], "leaves note to the transaction, but the database to a worker"),
    ],
)
def test_what_differs_refuses_to_start(
    subscribed: Subscribed, wanted: list[str], switched: list[str], sentence: str, client: Any
) -> None:
    subscribed.switch(*switched)
    subscribed.settings.SUBSCRIPTIONS = wanted
    with pytest.raises(SystemCheckError, match=sentence):
        call_command("check", databases=["default"])
    response = client.get("/readyz")
    assert (response.status_code, sentence in response.content.decode()) == (503, True)
    if wanted:
        with pytest.raises(CommandError, match=sentence):
            manage("run_subscriptions")
    call_command("check")  # without the database only the settings are looked at
    manage("subscriptions", "switch")
    assert differences() == []
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ("ledger", "must be a list"),
        (None, "must be a list"),
        ({"ledger"}, "must be a list"),
        (["ledgers"], "'ledgers' must name one projection or one policy, and stand there once"),
        (["note", "note"], "'note' must name one projection or one policy, and stand there once"),
        ([1], "1 must name one projection or one policy"),
        ([["ledger"]], r"\['ledger'\] must name one projection or one policy"),
        (["both"], "'both' must name one projection or one policy"),
    ],
)
def test_wrong_setting(settings: Any, names: Any, sentence: str) -> None:
    settings.PROJECTIONS = {"ledger": "tests.subscribing", "both": "tests.subscribing"}
    settings.POLICIES = {"note": "tests.subscribing.note", "both": "tests.subscribing.note"}
    settings.EVENTS, settings.COMMANDS, settings.INVARIANTS = ["tests.subscribing"], [], {}
    settings.SUBSCRIPTIONS = names
    with pytest.raises(SystemCheckError, match=f"settings.SUBSCRIPTIONS.*{sentence}"):
        call_command("check")


@pytest.mark.parametrize("names", [["note"], ["nothing"], []])
def test_worker_of_what_is_no_subscription(subscribed: Subscribed, names: list[str]) -> None:
    subscribed.switch(*([] if not names else ["ledger"]))
    with pytest.raises(CommandError, match=r"settings\.SUBSCRIPTIONS has"):
        manage("run_subscriptions", *names)


def test_status(subscribed: Subscribed) -> None:
    assert manage("subscriptions") == ""
    subscribed.switch("ledger", "note")
    broken.add(2)
    refused.add(1)
    add("a", 1, 2)
    add("b", 3)
    with working("ledger", "note"):
        until(lambda: subscribed.trouble("ledger"))
        until(lambda: subscribed.notes() == [3])
        subscribed_rows = json.loads(manage("subscriptions", "--json"))
        assert [one["running"] for one in subscribed_rows if one["name"] == "note"] == [True]
    # The server takes a moment to end the session of a worker that has ended.
    until(lambda: not any(row["running"] for row in json.loads(manage("subscriptions", "--json"))))
    ledger, note = (row for row in json.loads(manage("subscriptions", "--json")))
    assert (ledger["name"], ledger["lag_events"], ledger["parked"]) == ("ledger", 3, 0)
    assert ledger["lag_seconds"] > 0
    assert "the ledger has no place for 2" in ledger["trouble"]
    assert (note["name"], note["parked"], note["running"]) == ("note", 2, False)
    text = manage("subscriptions")
    assert "ledger (projection) has heard up to position" in text
    assert "3 events and" in text
    assert "stands still: CannotProject: event" in text
    assert "2 events parked, no worker is at it" in text
    assert "parked by note: event" in text
    assert "DomainError: No note takes 1." in text


def test_lag_that_makes_a_server_unready(subscribed: Subscribed, client: Any) -> None:
    subscribed.switch("note")
    refused.add(1)
    add("a", 1)
    assert client.get("/readyz").content == b"ok"
    subscribed.settings.SUBSCRIPTIONS_READY_LAG = 0
    response = client.get("/readyz")
    assert (response.status_code, b"note (policy)" in response.content) == (503, True)
    with working("note"):
        subscribed.caught_up()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert b"1 event parked" in response.content


def test_retry_that_fails_says_so(subscribed: Subscribed) -> None:
    subscribed.switch("note")
    refused.add(1)
    add("a", 1, 2)
    with working("note"):
        subscribed.caught_up()
    with pytest.raises(CommandError, match="1 failed again; later events of their streams wait"):
        manage("subscriptions", "retry")
    refused.clear()
    out = manage("subscriptions", "retry", "note")
    assert out.count("was heard") == 2
    assert manage("subscriptions", "retry") == ""


def test_reset_asks(subscribed: Subscribed, monkeypatch: Any) -> None:
    subscribed.switch("note")
    refused.add(1)
    add("a", 1)
    with working("note"):
        subscribed.caught_up()
    monkeypatch.setattr("builtins.input", lambda prompt: "no")
    with pytest.raises(CommandError, match="Nothing was changed"):
        manage("subscriptions", "reset", "note", "--to", "0")
    assert Parked.objects.count() == 1
    monkeypatch.setattr("builtins.input", lambda prompt: "yes")
    assert "not even of parked ones" in manage("subscriptions", "reset", "note", "--to", "0")
    assert Parked.objects.count() == 0
    refused.clear()
    with working("note"):
        subscribed.caught_up()
    assert subscribed.notes() == [1]
    for name, position in (("ledger", "0"), ("nobody", "0"), ("note", "-1"), ("note", "99999999")):
        with pytest.raises(CommandError, match=r"no checkpoint|The log has positions"):
            manage("subscriptions", "reset", name, "--to", position)


SETTINGS = "tests.subscribing_settings"


class Worker:
    """`manage.py run_subscriptions` in a process of its own."""

    def __init__(self, settings: str = SETTINGS) -> None:
        self.name = f"worker of a test {uuid4()}"
        environment = {
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": settings,
            "PGAPPNAME": self.name,
        }
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run_subscriptions"],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
        )

    def waits_at_the_gate(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
                " AND wait_event = 'advisory'",
                [self.name],
            )
            return bool(cursor.fetchone()[0])

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def gate(open_it: bool) -> None:
    """The ledger waits at an advisory lock, where the test holds it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_{'unlock' if open_it else 'lock'}(4242)")


@pytest.mark.slow
def test_killed_in_the_middle_and_after_the_commit(subscribed: Subscribed) -> None:
    """Rows and checkpoint are one transaction, so there is no moment at which one is without the
    other: killed before the commit it is done again, after it not."""
    subscribed.settings.PROJECTIONS = {"ledger": "tests.subscribing_gated"}
    subscribed.switch("ledger", "note")
    add("a", 1, 2)
    gate(open_it=False)
    worker = Worker()
    until(worker.waits_at_the_gate)
    assert worker.end(signal.SIGKILL) == -signal.SIGKILL
    gate(open_it=True)
    assert subscribed.ledger() == []
    second = Worker()
    subscribed.caught_up()
    assert second.end(signal.SIGKILL) == -signal.SIGKILL
    third = Worker()
    add("a", 3)
    subscribed.caught_up()
    assert third.end(signal.SIGTERM) == 0
    assert subscribed.ledger() == subscribed.notes() == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("numbers", "noted", "heard"),
    [
        ([1, 3, 101, 5], [], 0),  # among events for which nothing is done
        ([1, 3, 4, 7, 9, 101, 5], [4], 3),  # behind one for which something is
        ([1, 3, 4, 7, 100, 5], [4], 3),  # at another one of these
    ],
)
def test_killed_between_events_that_share_a_transaction(
    subscribed: Subscribed, monkeypatch: Any, numbers: list[int], noted: list[int], heard: int
) -> None:
    """What the policy does for an event is there, and the checkpoint behind it, before the next
    event is heard; what comes after it is heard again, and no effect is there twice."""
    monkeypatch.setattr(racing, "PATIENCE", 60)  # two processes begin
    subscribed.settings.POLICIES = {"note": "tests.subscribing_gated.note_even"}
    subscribed.switch("note")
    events = add("a", *numbers)
    before = Checkpoint.objects.get().position
    gate(open_it=False)
    worker = Worker("tests.subscribing_some")
    until(worker.waits_at_the_gate)
    assert worker.end(signal.SIGKILL) == -signal.SIGKILL
    gate(open_it=True)
    assert subscribed.notes() == noted
    assert Checkpoint.objects.get().position == (events[heard - 1].position if heard else before)
    second = Worker("tests.subscribing_some")
    subscribed.caught_up()
    assert second.end(signal.SIGTERM) == 0
    assert subscribed.notes() == [number for number in numbers if number % 2 == 0]


@pytest.mark.slow
def test_sigterm_finishes_what_was_begun(subscribed: Subscribed) -> None:
    subscribed.settings.PROJECTIONS = {"ledger": "tests.subscribing_gated"}
    subscribed.switch("ledger", "note")
    add("a", 1)
    gate(open_it=False)
    worker = Worker()
    until(worker.waits_at_the_gate)
    worker.process.send_signal(signal.SIGTERM)
    gate(open_it=True)
    assert worker.process.wait(30) == 0
    assert subscribed.ledger() == [1]


@pytest.mark.slow
def test_sigterm_does_not_wait_for_a_handler_that_is_stuck(subscribed: Subscribed) -> None:
    subscribed.settings.PROJECTIONS = {"ledger": "tests.subscribing_gated"}
    subscribed.switch("ledger", "note")
    add("a", 1)
    gate(open_it=False)
    worker = Worker()
    until(worker.waits_at_the_gate)
    assert worker.end(signal.SIGTERM) == 0
    gate(open_it=True)
    with working("ledger"):
        until(lambda: subscribed.ledger() == [1])


@pytest.mark.slow
def test_two_deployments_side_by_side(subscribed: Subscribed, monkeypatch: Any) -> None:
    """Old workers stop with a sentence before an event that they do not know, and give up the lead:
    those of newer code take over, with all that comes after it."""
    monkeypatch.setattr(racing, "PATIENCE", 60)  # two processes begin
    subscribed.settings.PROJECTIONS = {"ledger": "tests.subscribing_gated"}
    subscribed.switch("ledger", "note")
    old = Worker()
    add("a", 1)
    subscribed.caught_up()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
            " correlation_id, causation_id, metadata, recorded_at, occurred_at)"
            " SELECT gen_random_uuid(), 'new', 1, 'test.New', 7, '{}', correlation_id,"
            " causation_id, metadata, now(), now() FROM eventstore_event LIMIT 1"
        )
    add("a", 2)
    until(lambda: all("no test.New of version 7" in subscribed.trouble(name) for name in BOTH))
    assert (subscribed.ledger(), subscribed.notes()) == ([1], [1])
    new = Worker("tests.subscribing_newer")
    subscribed.caught_up()
    assert (subscribed.ledger(), subscribed.notes()) == ([1, 2], [1, 2])
    assert not any(map(subscribed.trouble, BOTH))
    assert (old.end(signal.SIGTERM), new.end(signal.SIGTERM)) == (0, 0)


BOTH = ("ledger", "note")
