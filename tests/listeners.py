"""Ordinary projections and policies, named in the settings of a test; no mocks."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature
from types import ModuleType
from typing import Any, ClassVar

import pytest

from cqrs_example.eventstore import Event, RecordedEvent

from .bank.events import Deposited


@dataclass(frozen=True)
class Reacted:
    type: ClassVar[str] = "test.Reacted"
    schema_version: ClassVar[int] = 1
    to: str


@dataclass(frozen=True)
class React:
    """What the policies of a test issue."""

    to: str


@dataclass(frozen=True)
class Increase:
    stream: str
    times: int = 1
    expected_version: int | None = None


def increase(tx: Any, command: Increase) -> Any:
    [stream] = tx.lock(command.stream)
    events = [Deposited(command.stream, 1, stream.version + 1 + n) for n in range(command.times)]
    return tx.append(stream, events, expected_version=command.expected_version)


def react(tx: Any, command: React) -> Any:
    [stream] = tx.lock(f"reaction-{command.to}")
    return tx.append(stream, [Reacted(command.to)])


def react_to_increase(tx: Any, event: RecordedEvent[Deposited]) -> None:
    tx.execute(react, React(event.data.account))


def append_directly(tx: Any, event: RecordedEvent[Deposited]) -> None:
    [stream] = tx.lock("direct")
    tx.append(stream, [Reacted("directly")])


def hearing(function: Any, hint: Any) -> Any:
    """The function, with this annotation of its last parameter where it has none."""
    if getattr(function, "__annotations__", None):
        return function

    def hears(*arguments: Any) -> None:
        function(*arguments)

    last = Parameter("event", Parameter.POSITIONAL_OR_KEYWORD)
    hears.__signature__ = Signature([last])  # type: ignore[attr-defined]
    hears.__annotations__ = {"event": hint}
    return hears


@pytest.fixture
def wire(settings, monkeypatch):
    """`wire(projections={name: function}, policies={name: function})`: these and no others.

    A function without annotations, such as a lambda, hears of every event.
    """

    def set_up(projections: dict[str, Any] | None = None, policies: dict[str, Any] | None = None):
        module = ModuleType("listeners_of_a_test")
        settings.EVENTS = ["tests.bank.events", "tests.listeners"]
        settings.COMMANDS, settings.PROJECTIONS, settings.POLICIES = [], {}, {}
        for name, function in (projections or {}).items():
            one: Any = ModuleType(f"projection_{name}")
            one.project, one.MODELS = hearing(function, Sequence[RecordedEvent[Event]]), []
            monkeypatch.setitem(sys.modules, one.__name__, one)
            settings.PROJECTIONS[name] = one.__name__
        monkeypatch.setitem(sys.modules, module.__name__, module)
        for name, function in (policies or {}).items():
            setattr(module, name, hearing(function, RecordedEvent[Event]))
            settings.POLICIES[name] = f"{module.__name__}.{name}"

    return set_up
