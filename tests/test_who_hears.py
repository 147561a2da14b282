"""Who hears what is said in signatures: read once, checked, and delivered accordingly."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from io import StringIO
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from cqrs_example.eventstore import Event, RecordedEvent, StreamName, read_all
from cqrs_example.messaging import Transaction, execute, heard_by, recorded_by

from .listeners import Increase, React, Reacted, increase

if TYPE_CHECKING:
    from decimal import Decimal as Missing


@dataclass(frozen=True)
class Opened:
    type: ClassVar[str] = "test.Opened"
    schema_version: ClassVar[int] = 1


@dataclass(frozen=True)
class Closed:
    type: ClassVar[str] = "test.Closed"
    schema_version: ClassVar[int] = 1


Either = Opened | Closed
Heard = RecordedEvent[Either]
T = TypeVar("T")


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def inner(*arguments: Any) -> Any:
        return function(*arguments)

    return inner


def one(events: Sequence[RecordedEvent[Opened]]) -> None: ...
def union(events: Sequence[RecordedEvent[Opened | Closed]]) -> None: ...
def named_union(events: list[RecordedEvent[Either]]) -> None: ...
def two_recorded(tx: Any, event: RecordedEvent[Opened] | RecordedEvent[Closed]) -> None: ...
def alias(tx: Any, event: Heard) -> None: ...
def type_checker_only(tx: Missing, event: RecordedEvent[Closed]) -> None: ...
def with_default(events: Sequence[RecordedEvent[Opened]], batch: int = 1) -> None: ...
@decorated
def wrapped(tx: Any, event: RecordedEvent[Opened]) -> None: ...
def with_limit(limit: int, tx: Any, event: RecordedEvent[Opened]) -> None: ...
def everything(events: Sequence[RecordedEvent[Event]]) -> None: ...


@pytest.mark.parametrize(
    ("handler", "classes"),
    [
        (one, (Opened,)),
        (union, (Opened, Closed)),
        (named_union, (Opened, Closed)),
        (two_recorded, (Opened, Closed)),
        (alias, (Opened, Closed)),
        (type_checker_only, (Closed,)),
        (with_default, (Opened,)),
        (wrapped, (Opened,)),
        (partial(with_limit, 5), (Opened,)),
        (everything, (object,)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_signature_says_what_is_heard(handler: Any, classes: Any) -> None:
    assert heard_by(handler) == classes


def nothing(events): ...
def bare(events: Sequence[RecordedEvent]) -> None: ...  # type: ignore[type-arg]
def any_event(events: Sequence[RecordedEvent[Any]]) -> None: ...
def variable(events: Sequence[RecordedEvent[T]]) -> None: ...  # type: ignore[type-var]
def other(events: Sequence[int]) -> None: ...
def unknown(events: Sequence[RecordedEvent[Missing]]) -> None: ...  # type: ignore[type-var]
def no_parameter() -> None: ...


@pytest.mark.parametrize(
    ("handler", "sentence"),
    [
        (nothing, "there is nothing"),
        (bare, "RecordedEvent'> "),
        (any_event, "typing.Any is no class"),
        (variable, "~T is no class"),
        (other, "there is <class 'int'>"),
        (unknown, "name 'Missing' is not defined"),
        (no_parameter, "it takes no events"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_signature_that_does_not_say_is_an_error(handler: Any, sentence: str) -> None:
    with pytest.raises(TypeError) as failure:
        heard_by(handler)
    assert sentence.strip() in str(failure.value)


def records_one(tx: Any, command: React) -> list[RecordedEvent[Reacted]]:
    [stream] = tx.lock("a")
    return tx.append(stream, [Reacted("x")])  # type: ignore[no-any-return]


def records_another(tx: Any, command: Any) -> list[RecordedEvent[Opened]]:
    return records_one(tx, command)  # type: ignore[return-value]


def records_nothing(tx: Any, command: Any) -> list[RecordedEvent[Reacted]]:
    return []


def does_not_say(tx: Any, command: Any) -> Any:
    return records_one(tx, command)


@pytest.mark.parametrize(
    ("handler", "classes"),
    [(records_one, (Reacted,)), (does_not_say, ()), (lambda tx, command: [], ())],
)
def test_signature_says_what_is_recorded(handler: Any, classes: Any) -> None:
    assert recorded_by(handler) == classes


@pytest.mark.django_db
def test_event_that_a_handler_does_not_say_is_refused(wire: Any) -> None:
    wire()
    with pytest.raises(TypeError, match="React records Reacted, but its handler does not say so"):
        execute(records_another, React("x"))
    assert list(read_all()) == []
    assert len(execute(does_not_say, React("x"))) == 1


@pytest.mark.django_db
def test_command_that_records_nothing(wire: Any) -> None:
    wire()
    assert execute(records_nothing, React("x")) == []


@pytest.mark.django_db
def test_only_what_is_heard_is_delivered(wire: Any) -> None:
    heard: list[tuple[str, str]] = []

    def project(events: Sequence[RecordedEvent[Reacted]]) -> None:
        heard.extend(("project", event.data.to) for event in events)

    def policy(tx: Any, event: RecordedEvent[Reacted]) -> None:
        heard.append(("policy", event.data.to))

    wire(projections={"noting": project}, policies={"policy": policy})

    def both(tx: Any, command: Any) -> Any:
        increase(tx, Increase("a"))
        [stream] = tx.lock("b")
        return tx.append(stream, [Reacted("1"), Reacted("2")])

    execute(both, React("x"))
    assert heard == [("project", "1"), ("project", "2"), ("policy", "1"), ("policy", "2")]
    heard.clear()
    execute(increase, Increase("a"))
    assert heard == []


def check() -> str:
    with pytest.raises(SystemCheckError) as failure:
        call_command("check")
    return str(failure.value)


def one_by_one(event: RecordedEvent[Reacted]) -> None: ...
def many_at_once(tx: Any, events: Sequence[RecordedEvent[Reacted]]) -> None: ...
def of_no_module(events: Sequence[RecordedEvent[Opened]]) -> None: ...


@pytest.mark.parametrize(
    ("kind", "handler", "sentence"),
    [
        ("projections", any_event, "does not say which events, as RecordedEvent[Opened | Closed]"),
        ("projections", one_by_one, "project takes many events at once"),
        ("policies", many_at_once, "a policy takes one event at a time"),
        ("projections", of_no_module, "no module of settings.EVENTS defines Opened"),
    ],
)
def test_check_names_the_signature(wire: Any, kind: str, handler: Any, sentence: str) -> None:
    wire(**{kind: {"wrong": handler}})
    assert sentence in check()


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (f"{__name__}.does_not_say", "what it returns does not say which events"),
        (f"{__name__}.records_another", "no module of settings.EVENTS defines Opened"),
        (f"{__name__}.nowhere", 'does not define a "nowhere"'),
    ],
)
def test_check_names_the_command(wire: Any, settings: Any, path: str, sentence: str) -> None:
    wire()
    settings.COMMANDS = [path]
    assert sentence in check()


def test_check_warns_of_an_event_that_nobody_hears(wire: Any, settings: Any) -> None:
    def project(events: Sequence[RecordedEvent[Reacted]]) -> None: ...

    wire(projections={"noting": project})
    settings.COMMANDS = []
    errors = StringIO()
    call_command("check", stderr=errors)
    assert "Nobody hears of Deposited: no projection and no policy." in (errors.getvalue())
    assert "Reacted" not in errors.getvalue()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["manage.py", "check"], True),
        (["/srv/manage.py", "runserver", "8000"], True),
        (["manage.py", "events", "tail"], False),
        (["manage.py", "migrate"], False),
        (["django-admin", "verify"], False),
    ],
)
def test_warning_comes_with_check_and_not_with_every_command(
    wire: Any, monkeypatch: Any, words: list[str], said: bool
) -> None:
    def project(events: Sequence[RecordedEvent[Reacted]]) -> None: ...

    wire(projections={"noting": project})
    monkeypatch.setattr("sys.argv", words)
    assert any(found.id == "messaging.W001" for found in run_checks()) == said


def reacted_stream(name: str) -> StreamName[Reacted]:
    return StreamName(f"reacted-{name}")


def test_table_of_who_hears(wire: Any, settings: Any) -> None:
    def project(events: Sequence[RecordedEvent[Reacted]]) -> None: ...
    def policy(tx: Transaction, event: RecordedEvent[Reacted]) -> None: ...

    wire(projections={"noting": project}, policies={"reacting": policy})
    settings.COMMANDS = [f"{__name__}.records_one"]
    settings.EVENTS = ["tests.listeners"]
    out = StringIO()
    call_command("events", "who-hears", "--json", stdout=out)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {
            "event": "test.Reacted",
            "streams": [],
            "recorded_by": ["React"],
            "projections": ["noting"],
            "policies": ["reacting"],
        }
    ]
    out = StringIO()
    call_command("events", "who-hears", stdout=out)
    assert "projections  noting" in out.getvalue()
