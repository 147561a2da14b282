"""One command is one transaction, delivered in order, carried out once."""

import logging
import threading
from functools import partial
from uuid import uuid4, uuid5

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from cqrs_example.eventstore import WrongExpectedVersion, read, read_all
from cqrs_example.messaging import CommandIdReused, Context, DomainError, Repeated, execute

from .listeners import (
    Increase,
    React,
    append_directly,
    increase,
    react,
    react_to_increase,
)
from .racing import all_at_once

pytestmark = pytest.mark.django_db


def told(events):
    return [str(event.data) for event in events]


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
            "fields": {"stream": "a", "times": 2, "expected_version": None},
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
    with pytest.raises(WrongExpectedVersion, match="Stream a is at version 1, not 0"):
        execute(increase, Increase("a", expected_version=0))


def failing(*args):
    raise ZeroDivisionError


@pytest.mark.parametrize("where", ["projections", "policies"])
@pytest.mark.parametrize("name", ["a", "z"])
def test_listener_that_fails_leaves_nothing(wire, where, name):
    wire(policies={"m": react_to_increase})
    wire(**{where: {name: failing, "m": lambda *args: None}})
    with pytest.raises(ZeroDivisionError):
        execute(increase, Increase("a"))
    assert list(read_all()) == []


def failing_with(sqlstate, times, attempts):
    def handler(tx, command):
        attempts.append(1)
        increase(tx, command)
        if len(attempts) <= times:
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$")

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
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        execute(increase, Increase("a"))
    assert list(read_all()) == []
