"""What hears after the commit hears of each event once, in order, whatever goes wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event as Flag
from types import ModuleType
from typing import Any, ClassVar
from uuid import uuid4, uuid5

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cqrs_example.eventstore import RecordedEvent, StreamName, lock, read_all
from cqrs_example.messaging import Transaction, execute, later
from cqrs_example.messaging.transaction import UnitOfWork, begin
from cqrs_example.operations import processes
from cqrs_example.subscriptions import following, policies
from cqrs_example.subscriptions.checkpoints import reset
from cqrs_example.subscriptions.delivering import hear
from cqrs_example.subscriptions.following import Read, from_log, rows_between
from cqrs_example.subscriptions.models import Checkpoint, Parked
from cqrs_example.subscriptions.policies import retry

from .racing import all_at_once, in_background, until
from .subscribing import (
    Add,
    Added,
    Subscribed,
    add,
    broken,
    handle_add,
    lost,
    note,
    refused,
    working,
)

BOTH = {"note": "tests.subscribing.note", "again": "tests.subscribing.note_again"}


@dataclass(frozen=True)
class New:
    """What newer code knows."""

    type: ClassVar[str] = "test.New"
    schema_version: ClassVar[int] = 7


def test_heard_after_the_commit_and_once(subscribed: Subscribed) -> None:
    subscribed.switch("ledger", "note")
    add("a", 1, 2, 3)
    assert (subscribed.ledger(), subscribed.notes()) == ([], [])
    with working("ledger", "note"):
        subscribed.caught_up()
        add("a", 4)
        subscribed.caught_up()
    assert subscribed.ledger() == subscribed.notes() == [1, 2, 3, 4]


def test_one_entry_alone_and_the_rest_in_the_transaction(subscribed: Subscribed) -> None:
    subscribed.switch("note")
    add("a", 1)
    assert (subscribed.ledger(), subscribed.notes()) == ([1], [])
    with working("note"):
        subscribed.caught_up()
    assert subscribed.notes() == [1]


def test_ids_are_those_of_the_transaction(subscribed: Subscribed) -> None:
    [here] = add("a", 1)
    subscribed.switch("ledger", "note")
    [there] = add("b", 1)
    with working("ledger", "note"):
        subscribed.caught_up()
    noted = {event.causation_id: event for event in read_all() if event.type == "test.Noted"}
    for cause in (here, there):
        event = noted[cause.id]
        command = event.metadata["command"]
        assert command["id"] == str(uuid5(cause.id, "Note"))
        assert event.correlation_id == cause.correlation_id
        assert event.metadata["actor"] == cause.metadata["actor"]
        assert event.metadata["request"] == cause.metadata["request"]


def test_nothing_is_missed_that_commits_late(subscribed: Subscribed) -> None:
    """Positions are given before the commit: a lower one becomes visible after a higher one."""
    subscribed.switch("ledger")
    held, begun = Flag(), Flag()

    def slow() -> None:
        with transaction.atomic():
            handle = connection.cursor()
            lock(StreamName("slow"))
            handle.execute("SELECT nextval(pg_get_serial_sequence('eventstore_event', 'position'))")
            [position] = handle.fetchone()
            begun.set()
            held.wait(20)
            handle.execute(
                "INSERT INTO eventstore_event SELECT %s, gen_random_uuid(), 'slow', 1, type,"
                " schema_version, data, correlation_id, causation_id, metadata, now(), now()"
                " FROM eventstore_event LIMIT 1",
                [position],
            )

    add("a", 1)
    with working("ledger") as stop:
        subscribed.caught_up()
        stop()
    add("a", 2)
    with in_background(slow), working("ledger"):
        begun.wait(20)
        add("a", 3)
        # What stands in front of the gap does not wait for it.
        until(lambda: subscribed.ledger() == [1, 2])
        held.set()
        until(lambda: len(subscribed.ledger()) == 4)
    positions = [row for (row,) in subscribed.rows("SELECT position FROM ledger ORDER BY line")]
    assert positions == sorted(positions)


def test_gaps_at_the_end_of_batches(subscribed: Subscribed, monkeypatch: Any) -> None:
    monkeypatch.setattr(following, "MOST", 3)
    subscribed.switch("ledger", "note")

    def one(number: int) -> None:
        for nth in range(6):
            try:
                with transaction.atomic():
                    handle_add(_tx(), Add(f"s{number}", 10 * number + nth))
                    if nth % 2:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                pass

    with working("ledger", "note"):
        all_at_once([lambda n=n: one(n) for n in range(4)])  # type: ignore[misc]
        subscribed.caught_up()
    assert subscribed.ledger() == subscribed.added()
    assert sorted(subscribed.notes()) == sorted(subscribed.added())


def _tx() -> Any:
    return begin(UnitOfWork(uuid4(), {}), handle_add, Add("", 0), uuid4(), uuid4())


def test_batches_are_read_along_the_index(subscribed: Subscribed) -> None:
    """Without statistics, as after an import, Postgres would sort the rest of the log for each."""
    subscribed.switch("ledger")
    said: list[Any] = []

    @contextmanager
    def asking(name: str) -> Iterator[Read]:
        said.extend(subscribed.rows("SELECT current_setting('enable_sort')"))
        with from_log(name) as read:
            yield read

    with working("ledger", source=asking):
        add("a", 1)
        subscribed.caught_up()
    assert said == [("off",)]


def test_two_workers_of_one_name(subscribed: Subscribed) -> None:
    """One works, the other stands by, and takes over."""
    subscribed.switch("ledger", "note")
    with working("ledger", "note") as stop, working("ledger", "note"):
        for number in range(30):
            add("a", number)
        subscribed.caught_up()
        stop()
        add("a", 30)
        subscribed.caught_up()
    assert subscribed.ledger() == subscribed.notes() == list(range(31))


def test_two_workers_that_both_believe_to_lead(subscribed: Subscribed, monkeypatch: Any) -> None:
    """It is the checkpoint that keeps an event from being heard twice, not the lock."""
    monkeypatch.setattr(processes, "LEAD", "SELECT %s::text IS NOT NULL")
    subscribed.switch("ledger", "note")
    with working("ledger", "note"), working("ledger", "note"), working("ledger", "note"):
        all_at_once([lambda n=n: add(f"s{n}", *range(10)) for n in range(4)])  # type: ignore[misc]
        subscribed.caught_up()
    assert subscribed.ledger() == subscribed.added()
    assert len(subscribed.notes()) == 40


def test_projection_that_cannot_go_on(subscribed: Subscribed) -> None:
    """It stops before the event, says which, and stops nobody else; after a fix nothing is
    missing."""
    subscribed.switch("ledger", "note")
    broken.add(14)
    add("a", 1, 2)
    add("b", 13)
    [bad] = add("b", 14)
    add("a", 5)
    with working("ledger", "note"):
        until(lambda: str(bad.id) in subscribed.trouble("ledger"))
        assert "ValueError: the ledger has no place for 14" in subscribed.trouble("ledger")
        assert subscribed.ledger() == [1, 2, 13]
        assert Checkpoint.objects.get(name="ledger").position < bad.position
        until(lambda: subscribed.notes() == [1, 2, 13, 14, 5])
        broken.clear()
        subscribed.caught_up()
    assert subscribed.trouble("ledger") == ""
    assert subscribed.ledger() == [1, 2, 13, 14, 5]


def test_policy_parks_and_later_ones_of_the_stream_wait(
    subscribed: Subscribed, caplog: Any
) -> None:
    subscribed.switch("ledger", "note")
    refused.add(2)
    with working("ledger", "note"):
        events = add("a", 1, 2, 3)
        add("b", 4)
        subscribed.caught_up()
        assert subscribed.notes() == [1, 4]
        assert subscribed.parked() == [("a", True), ("a", False)]
        assert "DomainError: No note takes 2." in Parked.objects.order_by("position")[0].trouble
        assert any(str(events[1].id) in message for message in caplog.messages)
        again = list(retry("note"))
        assert [bool(sentence) for _, sentence in again] == [True]
        add("a", 5)
        subscribed.caught_up()
        assert len(subscribed.parked()) == 3
        refused.clear()
        assert [sentence for _, sentence in retry("note")] == ["", "", ""]
        add("a", 6)
        subscribed.caught_up()
    assert subscribed.notes() == [1, 4, 2, 3, 5, 6]
    assert subscribed.parked() == []


def test_policy_that_recovers_by_itself_parks_nothing(
    subscribed: Subscribed, caplog: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(policies, "PAUSES", (0.1,) * 100)
    subscribed.switch("ledger", "note")
    refused.add(1)
    with working("ledger", "note"):
        add("a", 1)
        until(lambda: any("No note takes 1" in message for message in caplog.messages))
        refused.clear()
        subscribed.caught_up()
    assert (subscribed.notes(), subscribed.parked()) == ([1], [])


def test_policy_heard_again_has_no_second_effect(subscribed: Subscribed) -> None:
    subscribed.switch("note")
    add("a", 1, 2)
    with working("note"):
        subscribed.caught_up()
        reset("note", 0)
        until(lambda: Checkpoint.objects.get(name="note").position == subscribed.last())
    assert subscribed.notes() == [1, 2]


def test_two_policies_that_issue_the_same_command(subscribed: Subscribed) -> None:
    """The ids of both come from the event: the second one must not pass for the first."""
    subscribed.settings.POLICIES = BOTH
    add("a", 1)
    subscribed.switch("note", "again")
    add("a", 2, 3)
    with working("note", "again"):
        subscribed.caught_up()
        assert sorted(subscribed.notes()) == [1, 2, 3, 1001, 1002, 1003]
        reset("note", 0)
        reset("again", 0)
        subscribed.caught_up()
    assert sorted(subscribed.notes()) == [1, 2, 3, 1001, 1002, 1003]


def test_one_of_two_policies_with_the_same_command_in_the_transaction(
    subscribed: Subscribed,
) -> None:
    subscribed.settings.POLICIES = BOTH
    subscribed.switch("again")
    add("a", 1)
    with working("again"):
        subscribed.caught_up()
    assert subscribed.notes() == [1, 1001]


def test_session_that_ends_in_the_middle(subscribed: Subscribed) -> None:
    """The database's failures pass: nothing is parked, nothing is skipped, nothing comes twice."""
    subscribed.settings.POLICIES = {"note": "tests.subscribing.note_and_lose"}
    subscribed.switch("note")
    lost.update({1, 3})
    add("a", 1, 2, 3)
    with working("note"):
        subscribed.caught_up()
    assert not lost
    assert (subscribed.notes(), subscribed.parked()) == ([1, 2, 3], [])


def test_event_that_the_code_does_not_know(subscribed: Subscribed, monkeypatch: Any) -> None:
    """It stops what would hear after it, and newer code goes on from there."""
    subscribed.switch("ledger", "note")
    add("a", 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
            " correlation_id, causation_id, metadata, recorded_at, occurred_at)"
            " SELECT gen_random_uuid(), 'new', 1, 'test.New', 7, '{}', correlation_id,"
            " causation_id, metadata, now(), now() FROM eventstore_event LIMIT 1"
        )
    add("a", 2)
    with working("ledger", "note"):
        until(lambda: "no test.New of version 7" in subscribed.trouble("ledger"))
        until(lambda: "no test.New of version 7" in subscribed.trouble("note"))
        assert (subscribed.ledger(), subscribed.notes()) == ([1], [1])

        newer: Any = ModuleType("newer_events")
        newer.New = New
        monkeypatch.setattr(New, "__module__", "newer_events")
        monkeypatch.setitem(sys.modules, "newer_events", newer)
        subscribed.settings.EVENTS = [*subscribed.settings.EVENTS, "newer_events"]
        subscribed.caught_up()
    assert (subscribed.ledger(), subscribed.notes()) == ([1, 2], [1, 2])


def test_reset_to_a_position_that_is_not_there(subscribed: Subscribed) -> None:
    subscribed.switch("note")
    add("a", 1)
    last = subscribed.last()
    for position in (-1, last + 1):
        with pytest.raises(ValueError, match=f"from 0 to {last}, but not {position}"):
            reset("note", position)
    reset("note", last)
    with working("note"):
        add("a", 2)
        subscribed.caught_up()
    assert subscribed.notes() == [2]


def test_reset_is_seen_by_a_worker_that_idles(subscribed: Subscribed) -> None:
    subscribed.switch("ledger")
    add("a", 1)
    with working("ledger"):
        subscribed.caught_up()
        reset("ledger", 0)
        until(lambda: subscribed.ledger() == [1, 1])


def test_in_a_transaction_of_the_command_nothing_changes(subscribed: Subscribed) -> None:
    execute(handle_add, Add("a", 1))
    assert subscribed.ledger() == subscribed.notes() == [1]
    assert not Checkpoint.objects.exists()


def ignored(tx: Transaction, event: RecordedEvent[Added]) -> list[RecordedEvent[Added]]:
    """Does nothing about it, and says so."""
    return []


def locked(tx: Transaction, event: RecordedEvent[Added]) -> list[RecordedEvent[Added]]:
    """Does nothing in the end, but has kept others from a stream."""
    tx.lock(StreamName(event.stream))
    return []


sent: list[int] = []


def send(tx: Transaction, event: RecordedEvent[Added]) -> None:
    """Acts where neither log nor database notice, as by a mail."""
    sent.append(event.data.number)
    if event.data.number in refused:
        raise OSError("the mail server is away")


said: list[tuple[int, int]] = []  # the number of an event, and where the checkpoint was


def say(tx: Transaction, event: RecordedEvent[Added]) -> None:
    """Acts after the commit, and nothing more."""
    tx.on_commit(lambda: said.append((event.data.number, Checkpoint.objects.get().position)))


def jot(tx: Transaction, event: RecordedEvent[Added]) -> None:
    """Writes past the log, with the number of its transaction."""
    with connection.cursor() as cursor:
        place = "SELECT pg_current_xact_id()::text::bigint, %s"
        cursor.execute(f"INSERT INTO ledger (position, number) {place}", [event.data.number])


def write(tx: Transaction, event: RecordedEvent[Added]) -> list[RecordedEvent[Added]]:
    """Writes past the log, and returns what it has recorded: nothing."""
    jot(tx, event)
    return []


def put_aside(tx: Transaction, event: RecordedEvent[Added]) -> list[RecordedEvent[Added]]:
    later("INSERT INTO ledger (position, number) VALUES (0, %s)", [event.data.number])
    return []


def mail(tx: Transaction, event: RecordedEvent[Added]) -> list[RecordedEvent[Added]]:
    """Acts after the commit, and returns what it has recorded: nothing."""
    say(tx, event)
    return []


def mail_by_django(tx: Transaction, event: RecordedEvent[Added]) -> list[RecordedEvent[Added]]:
    transaction.on_commit(lambda: said.append((event.data.number, 0)))
    return []


def add_unseen(tx: Transaction, event: RecordedEvent[Added]) -> list[RecordedEvent[Added]]:
    """Records an event, and does not return it."""
    note(tx, event)
    return []


ACTING = ["locked", "send", "write", "put_aside", "mail", "mail_by_django", "add_unseen"]


@pytest.mark.parametrize(
    ("policy", "transactions"), [("ignored", 1), *((name, 20) for name in ACTING)]
)
def test_events_that_a_policy_does_nothing_about_share_a_transaction(
    subscribed: Subscribed, policy: str, transactions: int
) -> None:
    """Not those for which it has run a statement, or asked for something after the commit, or may
    have done what nobody notices. Of what a commit sets off, a worker that dies loses one."""
    subscribed.settings.POLICIES = {policy: f"{__name__}.{policy}"}
    subscribed.switch(policy)
    add("a", *range(20))
    last = subscribed.last()
    with CaptureQueriesContext(connection) as queries:
        hear(policy, 0, rows_between(0, last))
    assert [one["sql"] for one in queries].count("COMMIT") == transactions
    assert Checkpoint.objects.get().position == last
    if policy == "add_unseen":
        assert subscribed.notes() == list(range(20))


def test_sharing_is_the_same_where_handlers_are_timed(subscribed: Subscribed) -> None:
    """What takes the time asks for something after the commit, too."""
    subscribed.settings.AROUND_HANDLERS = ["cqrs_example.inspection.timings.timed"]
    subscribed.settings.TIMINGS_ONE_OF = 1
    test_events_that_a_policy_does_nothing_about_share_a_transaction(subscribed, "ignored", 1)


def test_what_was_sent_is_not_sent_again_for_another_event(subscribed: Subscribed) -> None:
    subscribed.settings.POLICIES = {"send": f"{__name__}.send"}
    subscribed.switch("send")
    sent.clear()
    add("a", 1, 2, 3)
    add("b", 4, 5)
    refused.add(3)
    hear("send", 0, rows_between(0, subscribed.last()))
    assert [sent.count(number) for number in (1, 2, 4, 5)] == [1, 1, 1, 1]
    assert subscribed.parked() == [("a", True)]


def test_transaction_of_a_slow_policy_ends(subscribed: Subscribed, monkeypatch: Any) -> None:
    """Or a worker that is told to end, or whose session is, would begin again and again."""
    monkeypatch.setattr(policies, "LONG", 0.0)
    subscribed.settings.POLICIES = {"ignored": f"{__name__}.ignored"}
    subscribed.switch("ignored")
    add("a", *range(5))
    with CaptureQueriesContext(connection) as queries:
        hear("ignored", 0, rows_between(0, subscribed.last()))
    assert [one["sql"] for one in queries].count("COMMIT") == 5


def test_a_policy_that_acts_past_the_log_moves_its_checkpoint_as_well(
    subscribed: Subscribed,
) -> None:
    subscribed.settings.POLICIES = {"say": f"{__name__}.say"}
    subscribed.switch("say")
    said.clear()
    events = add("a", 1, 2)
    hear("say", 0, rows_between(0, subscribed.last()))
    assert said == [(event.data.number, event.position) for event in events]


def test_a_policy_that_writes_past_the_log_does_so_once(subscribed: Subscribed) -> None:
    subscribed.settings.POLICIES = {"jot": f"{__name__}.jot"}
    subscribed.settings.PROJECTIONS = {}
    subscribed.switch("jot")
    add("a", 1, 2)
    hear("jot", 0, rows_between(0, subscribed.last()))
    assert subscribed.ledger() == [1, 2]
    assert len({row for (row,) in subscribed.rows("SELECT position FROM ledger")}) == 2


def test_what_is_put_aside_is_noticed(subscribed: Subscribed) -> None:
    subscribed.settings.POLICIES = {"put_aside": f"{__name__}.put_aside"}
    subscribed.settings.PROJECTIONS = {}
    subscribed.switch("put_aside")
    add("a", 1, 2)
    hear("put_aside", 0, rows_between(0, subscribed.last()))
    assert subscribed.rows("SELECT count(DISTINCT xmin::text) FROM ledger") == [(2,)]


@pytest.mark.parametrize("name", ["ledger", "note"])
def test_what_nobody_here_hears_is_not_decoded(subscribed: Subscribed, name: str) -> None:
    """An event of another type that the code knows passes, whatever is in it; one of a type that
    the code does not know stops the subscription."""
    subscribed.switch(name)
    add("a", 1)
    recorded_as("test.Noted", "other-a")
    with working(name):
        subscribed.caught_up()
        recorded_as("test.Unknown", "other-b")
        until(lambda: "test.Unknown" in subscribed.trouble(name))
    assert subscribed.ledger() == [1]


def recorded_as(kind: str, stream: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
            " correlation_id, causation_id, metadata, recorded_at, occurred_at)"
            " SELECT gen_random_uuid(), %s, 1, %s, 1, '{}', correlation_id, gen_random_uuid(),"
            " metadata, recorded_at, occurred_at FROM eventstore_event LIMIT 1",
            [stream, kind],
        )
