"""One command is one transaction, delivered in order, carried out once."""

import logging
import threading
from contextlib import suppress
from functools import partial
from uuid import uuid4, uuid5

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.utils.timezone import now

from cqrs_example.eventstore import NewEvent, WrongExpectedVersion, read, read_all
from cqrs_example.messaging import CommandIdReused, Context, DomainError, Repeated, execute
from cqrs_example.messaging.repeating import ids_of

from .bank.accounts import project
from .bank.models import Account
from .listeners import (
    Increase,
    React,
    Reacted,
    append_directly,
    increase,
    react,
    react_to_increase,
)
from .racing import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank")]


def told(events):
    return [str(event.data) for event in events]


def test_handler_that_swallows_what_breaks_the_transaction(wire):
    """Django rolls back at the end, without a word: nobody is told that events were recorded."""

    def swallow(tx, command):
        with suppress(ValueError), transaction.atomic(savepoint=False):
            raise ValueError
        increase(tx, command)

    wire()
    with pytest.raises(transaction.TransactionManagementError):
        execute(swallow, Increase("a"))
    assert list(read_all()) == []


def test_listener_that_swallows_what_breaks_the_transaction(wire):
    def swallow(tx, event):
        with suppress(IntegrityError):
            Account.objects.create(account="a", amount=-1, changed_at=now())

    def swallow_what_django_does_not_notice(tx, event):
        with suppress(DataError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    for policy in (swallow, swallow_what_django_does_not_notice):
        wire(policies={"swallow": policy})
        with pytest.raises(transaction.TransactionManagementError):
            execute(increase, Increase("a"))
        assert list(read_all()) == []


def test_delivery_order(wire):
    heard = []
    wire(
        projections={
            "first": lambda events: heard.append(("first", [e.stream for e in events])),
            "second": lambda events: heard.append(("second", [e.stream for e in events])),
        },
        policies={
            "noting": lambda tx, event: heard.append(("noting", event.stream)),
            "reacting": react_to_increase,
        },
    )
    execute(increase, Increase("a", times=2))
    reactions = ["reaction-a", "reaction-a"]
    assert heard == [
        ("first", ["a", "a"]),
        ("second", ["a", "a"]),
        ("noting", "a"),
        ("noting", "a"),
        ("first", reactions),
        ("second", reactions),
        ("noting", "reaction-a"),
        ("noting", "reaction-a"),
    ]
    assert [event.stream for event in read_all()] == ["a", "a", *reactions]


def test_what_policies_cause_is_delivered_in_the_order_of_the_log(wire):
    batches = []

    def chain(tx, event):
        length = event.stream.count("+")
        if length < 2:
            for name in "+", "-+":
                tx.execute(increase, Increase(event.stream + name))

    wire(projections={"noting": batches.append}, policies={"chain": chain})
    execute(increase, Increase("a"))
    assert [[event.stream for event in batch] for batch in batches] == [
        ["a"],
        ["a+", "a-+"],
        ["a++", "a+-+", "a-++", "a-+-+"],
    ]
    assert [event for batch in batches for event in batch] == list(read_all())


def test_execute_returns_what_the_command_recorded(wire):
    wire(policies={"reacting": react_to_increase})
    events = execute(increase, Increase("a", times=2))
    assert [event.stream for event in events] == ["a", "a"]
    assert events == list(read("a"))
    assert execute(lambda tx, command: None, React("nobody")) == []


def test_ids_and_metadata(wire):
    wire(policies={"reacting": react_to_increase, "again": react_to_increase})
    context = Context(actor="clerk", request={"path": "/there"}, correlation_id=uuid4())
    first, second = execute(increase, Increase("a", times=2), context)
    assert [first.id, second.id] == [uuid5(context.command_id, "1"), uuid5(context.command_id, "2")]
    assert first.causation_id == second.causation_id == context.command_id
    assert first.metadata == {
        "command": {
            "id": str(context.command_id),
            "name": "Increase",
            "fields": {"stream": "a", "times": 2},
        },
        "actor": "clerk",
        "request": {"path": "/there"},
    }
    reactions = list(read("reaction-a"))
    assert [event.causation_id for event in reactions] == [first.id] * 2 + [second.id] * 2
    assert {event.correlation_id for event in read_all()} == {context.correlation_id}
    commands = [event.metadata["command"]["id"] for event in reactions]
    assert commands[0] == str(uuid5(first.id, "React"))
    assert len(set(commands)) == 4  # two policies issued the same command for one event
    assert {event.metadata["actor"] for event in reactions} == {"clerk"}


def test_event_ids_are_counted_over_all_streams(wire):
    wire()

    def over_three(tx, command):
        a, b, c = tx.lock("a", "b", "c")
        tx.append(b, [Reacted("1"), Reacted("2")])
        tx.append_many([NewEvent(c, Reacted("3")), NewEvent(b, Reacted("4"))])
        tx.append(a, [Reacted("5")])

    context = Context()
    events = execute(over_three, React("x"), context)
    assert [event.data.to for event in events] == ["1", "2", "3", "4", "5"]
    assert [event.id for event in events] == [uuid5(context.command_id, n) for n in "12345"]
    assert [(event.stream, event.version) for event in events] == [
        ("b", 1),
        ("b", 2),
        ("c", 1),
        ("b", 3),
        ("a", 1),
    ]


def test_correlation_id_is_the_command_id_without_one(wire):
    wire()
    context = Context()
    [event] = execute(increase, Increase("a"), context)
    assert event.correlation_id == context.command_id


def test_policies_that_append_by_themselves(wire):
    wire(policies={"one": append_directly, "two": append_directly})
    [event] = execute(increase, Increase("a"))
    direct = list(read("direct"))
    policies = [uuid5(event.id, name) for name in ("one", "two")]
    assert {one.causation_id for one in direct} == {event.id}
    assert [one.id for one in direct] == [uuid5(policy, "1") for policy in policies]


def test_command_inside_a_command(wire):
    wire()

    def both(tx, command):
        tx.execute(increase, Increase("a"))
        tx.execute(increase, Increase("b"))

    context = Context()
    events = execute(both, React("both"), context)
    assert [(event.stream, event.causation_id) for event in events] == [
        ("a", context.command_id),
        ("b", context.command_id),
    ]
    again = execute(both, React("both"), context)
    assert isinstance(again, Repeated)
    assert again == events == list(read_all())
    with pytest.raises(CommandIdReused):
        execute(both, React("other"), context)


@pytest.mark.parametrize("expected_version", [None, 0])
def test_command_repeated(wire, expected_version):
    wire(policies={"reacting": react_to_increase})
    context, command = Context(actor="clerk"), Increase("a", 2, expected_version)
    events = execute(increase, command, context)
    log = list(read_all())
    again = execute(increase, command, context)
    assert isinstance(again, Repeated)
    assert not isinstance(events, Repeated)
    assert again == events
    assert list(read_all()) == log


def test_command_repeated_although_it_would_be_refused_now(wire):
    wire()

    def once(tx, command):
        [stream] = tx.lock("a")
        if stream.version:
            raise DomainError("Only once.")
        increase(tx, Increase("a"))

    context = Context()
    events = execute(once, React("x"), context)
    assert execute(once, React("x"), context) == events
    with pytest.raises(DomainError):
        execute(once, React("x"))


def test_command_refused_under_the_id_of_another(wire):
    """Not the refusal: the sender would take it for the answer to the first one."""
    wire()
    context = Context()
    execute(increase, Increase("a"), context)

    def refuse(tx, command):
        raise DomainError("No.")

    for handler, command in (refuse, React("x")), (increase, Increase("a", expected_version=7)):
        with pytest.raises(CommandIdReused):
            execute(handler, command, context)


def test_command_refused_is_decided_anew(wire):
    wire()
    answers = [DomainError("Not now."), None]

    def later(tx, command):
        if error := answers.pop(0):
            raise error
        increase(tx, command)

    context = Context()
    with pytest.raises(DomainError):
        execute(later, Increase("a"), context)
    assert len(execute(later, Increase("a"), context)) == 1


@pytest.mark.parametrize(
    ("handler", "command", "actor"),
    [
        (increase, Increase("a", 2), "clerk"),
        (increase, Increase("b"), "clerk"),
        (react, React("a"), "clerk"),
        (increase, Increase("a"), "somebody else"),
    ],
)
def test_command_id_reused(wire, handler, command, actor):
    wire()
    context = Context(actor="clerk")
    execute(increase, Increase("a"), context)
    log = list(read_all())
    with pytest.raises(CommandIdReused, match=str(context.command_id)):
        execute(handler, command, Context(command_id=context.command_id, actor=actor))
    assert list(read_all()) == log


def test_wrong_expected_version(wire):
    wire()
    execute(increase, Increase("a"))
    with pytest.raises(WrongExpectedVersion, match=r"^a is at version 1, not 0"):
        execute(increase, Increase("a", expected_version=0))


def failing(*args):
    raise ZeroDivisionError


@pytest.mark.parametrize("where", ["projections", "policies"])
@pytest.mark.parametrize("name", ["a", "z"])
def test_listener_that_fails_leaves_nothing(wire, everything, where, name):
    before = everything()
    others = {"projections": {"m": project}, "policies": {"m": react_to_increase}}
    others[where] = dict(sorted({**others[where], name: failing}.items()))
    wire(**others)
    with pytest.raises(ZeroDivisionError):
        execute(increase, Increase("a"))
    assert everything() == before
    wire(projections={"m": project}, policies={"m": react_to_increase})
    execute(increase, Increase("a"))
    assert [name for name, rows in everything().items() if rows != before[name]] == [
        "bank_account",
        "eventstore_event",
    ]


def failing_first(sqlstate, times, attempts):
    """Postgres raises this error at the first attempts."""

    def fail(*args):
        attempts.append(args)
        if len(attempts) <= times:
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$")

    return fail


def failing_with(sqlstate, times, attempts):
    fail = failing_first(sqlstate, times, attempts)

    def handler(tx, command):
        increase(tx, command)
        fail()

    return handler


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
@pytest.mark.parametrize(("times", "succeeds"), [(1, True), (3, True), (4, False)])
def test_retries(wire, sqlstate, times, succeeds):
    wire()
    attempts = []
    command = partial(execute, failing_with(sqlstate, times, attempts), Increase("a"))
    if succeeds:
        assert [event.version for event in command()] == [1]
    else:
        with pytest.raises(OperationalError):
            command()
        assert list(read_all()) == []
    assert len(attempts) == min(times + 1, 4)


@pytest.mark.parametrize("sqlstate", ["55P03", "57014", "53100"])
def test_no_retry_of_what_takes_time(wire, sqlstate):
    wire()
    attempts = []
    with pytest.raises(OperationalError):
        execute(failing_with(sqlstate, 9, attempts), Increase("a"))
    assert len(attempts) == 1


@pytest.mark.django_db(transaction=True)
def test_real_deadlock_is_tried_again(wire):
    """Two commands that lock one stream after the other, each the other's first."""
    wire()
    met, attempts = threading.Barrier(2), []

    def one_by_one(tx, command):
        attempts.append(command)
        for number, name in enumerate(command.to.split()):
            increase(tx, Increase(name))
            if number == 0 and len(attempts) <= 2:
                met.wait(20)

    all_at_once(
        [lambda: execute(one_by_one, React("a b")), lambda: execute(one_by_one, React("b a"))]
    )
    assert len(attempts) == 3
    assert (
        [event.version for event in read("a")] == [event.version for event in read("b")] == [1, 2]
    )


@pytest.mark.parametrize("where", ["projections", "policies"])
def test_retry_when_a_listener_fails(wire, where):
    """All is done anew, from the handler on: nothing is left of the attempt before."""
    attempts, handled = [], []
    wire(**{where: {"failing": failing_first("40001", 2, attempts)}})

    def handler(tx, command):
        handled.append(command)
        increase(tx, command)

    assert [event.version for event in execute(handler, Increase("a"))] == [1]
    assert len(handled) == len(attempts) == 3


@pytest.mark.django_db(transaction=True)
def test_real_serialization_failure_is_tried_again(wire):
    wire()
    Account.objects.create(account="a", amount=1, changed_at=now())
    attempts = []

    def touch():
        Account.objects.update(amount=F("amount") + 1)

    def handler(tx, command):
        attempts.append(command)
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        increase(tx, command)
        if len(attempts) == 1:
            all_at_once([touch])
        touch()

    assert [event.version for event in execute(handler, Increase("a"))] == [1]
    assert (len(attempts), Account.objects.get().amount) == (2, 3)


@pytest.mark.django_db(transaction=True)
def test_work_after_the_commit_is_done_once(wire, caplog):
    wire()
    log = logging.getLogger("test")
    attempts = []

    def saying(tx, command):
        transaction.on_commit(partial(log.warning, "done"))
        failing_with("40001", 2, attempts)(tx, command)

    context = Context()
    execute(saying, Increase("a"), context)
    execute(saying, Increase("a"), context)
    with pytest.raises(IntegrityError):
        execute(partial(refusing, saying), Increase("b"))
    assert caplog.messages == ["done"]


def refusing(saying, tx, command):
    saying(tx, command)
    raise IntegrityError


@pytest.mark.django_db(transaction=True)
def test_execute_inside_another_transaction(wire):
    wire()
    with pytest.raises(RuntimeError, match="its own transaction"), transaction.atomic():
        execute(increase, Increase("a"))
    assert list(read_all()) == []


def test_ids_are_those_of_uuid5():
    """Whatever the variant's bits were: an id that differs would record a command twice."""
    command_id = uuid4()
    ids = ids_of(command_id, range(1, 200))
    assert ids == [str(uuid5(command_id, str(number))) for number in range(1, 200)]
