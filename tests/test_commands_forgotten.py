"""`manage.py check` names a handler that is carried out and is not in `settings.COMMANDS`."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.core.checks import run_checks
from django.urls import path

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.http import context, done, endpoint
from cqrs_example.messaging import Transaction, execute

from .bank import settings as bank_settings
from .listeners import React, Reacted


def react(tx: Transaction, command: React) -> list[RecordedEvent[Reacted]]:
    return _record(tx, command)


def _record(tx: Transaction, command: React) -> list[RecordedEvent[Reacted]]:
    return []


@dataclass(frozen=True, slots=True)
class Kind:
    """What a function that makes views is given: the handler is in none of their names."""

    handler: Any


def view_of(kind: Kind) -> Any:
    @endpoint("POST")
    def react_now(request: Any) -> Any:
        return done(request, execute(kind.handler, React("x"), context(request)), str)

    return react_now


urlpatterns = [path("react", view_of(Kind(react)))]


def warnings() -> list[str]:
    return [found.msg for found in run_checks() if found.id == "event_model.W001"]


def test_all_that_are_carried_out_are_listed(bank: None) -> None:
    assert warnings() == []


@pytest.mark.parametrize("forgotten", bank_settings.COMMANDS)
def test_handler_of_a_view_or_a_policy(bank: None, settings: Any, forgotten: str) -> None:
    settings.COMMANDS = [name for name in settings.COMMANDS if name != forgotten]
    by = {"warn": "tests.bank.commands.warn_when_low"}
    name = forgotten.rpartition(".")[2]
    [sentence] = warnings()
    assert f"{by.get(name, f'tests.bank.views.{name}')} carries out {forgotten}, which" in sentence
    assert sentence.endswith("which settings.COMMANDS does not name.")


def test_warning_comes_with_check_alone(bank: None, settings: Any, monkeypatch: Any) -> None:
    settings.COMMANDS = []
    monkeypatch.setattr("sys.argv", ["manage.py", "verify"])
    assert warnings() == []
    monkeypatch.setattr("sys.argv", ["manage.py", "check"])
    assert len(warnings()) == len(bank_settings.COMMANDS)


def test_handler_that_a_view_is_given(wire: Any, settings: Any) -> None:
    """And no word of what only this handler calls."""
    wire()
    settings.EVENTS, settings.ROOT_URLCONF, settings.COMMANDS = ["tests.listeners"], __name__, []
    [sentence] = warnings()
    assert f"{__name__}.react_now carries out {__name__}.react, which" in sentence
    settings.COMMANDS = [f"{__name__}.react"]
    assert warnings() == []
