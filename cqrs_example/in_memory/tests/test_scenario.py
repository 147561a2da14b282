"""Scenarios: what they carry out, and what they say when they fail."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ...messaging import Context
from .. import Scenario
from .log_contract import A, B, Change, Deposited, Warned, change, change_and_fail

BLOCK = str(__package__).rpartition(".")[0]
ROOT = Path(__file__).resolve().parents[BLOCK.count(".") + 2]


@pytest.fixture(autouse=True)
def _wiring(settings: Any) -> None:
    settings.EVENTS = [change.__module__]
    settings.POLICIES = {"warn_of_little": f"{change.__module__}.warn_of_little"}


def rich() -> Scenario:
    return Scenario().given(A, [Deposited(50, 50)])


def test_what_a_command_records() -> None:
    rich().when(change, Change(A, 20)).then([Deposited(20, 70)])
    rich().when(change, Change(A, -50)).then([Deposited(-50, 0)])


def test_what_is_refused() -> None:
    rich().when(change, Change(A, 51)).then_refused("The balance would be 101.").then_log(
        {A: [Deposited(50, 50)]}
    )


def test_policies_hear_of_commands_and_not_of_what_is_given() -> None:
    Scenario().given(B, [Deposited(1, 1)]).when(change, Change(A, 7)).then_log(
        {A: [Deposited(7, 7)], B: [Deposited(1, 1)], "warnings": [Warned(7)]}
    )


def test_policies_that_hear_in_workers_are_heard_as_well(settings: Any) -> None:
    settings.SUBSCRIPTIONS = ["warn_of_little"]
    Scenario().when(change, Change(A, 7)).then_log({A: [Deposited(7, 7)], "warnings": [Warned(7)]})


def test_a_policy_by_itself() -> None:
    Scenario().when_recorded(A, [Deposited(7, 7), Deposited(2, 9)]).then_log(
        {A: [Deposited(7, 7), Deposited(2, 9)], "warnings": [Warned(7), Warned(9)]}
    )


def test_one_step_after_the_other() -> None:
    scenario = rich().when(change, Change(A, 20)).then([Deposited(20, 70)])
    scenario.given(A, [Deposited(30, 100)]).when(change, Change(A, 1)).then_refused(
        "The balance would be 101."
    )


def test_a_command_sent_twice() -> None:
    context = Context(UUID(int=7), actor="ann")
    scenario = rich().when(change, Change(A, 40), context).then([Deposited(40, 90)])
    scenario.when(change, Change(A, 40), context).then([Deposited(40, 90)])
    scenario.then_log({A: [Deposited(50, 50), Deposited(40, 90)]})
    scenario.when(change, Change(A, 1), context).then_refused(
        "The command id 00000000-0000-0000-0000-000000000007 belongs to another command, recorded"
        " before: send each command with an id of its own."
    )


def test_ids_and_time_are_the_same_each_time() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def story() -> list[Any]:
        scenario = rich().at(noon).when(change, Change(A, 1)).then([Deposited(1, 51)])
        return [(e.id, e.causation_id, e.recorded_at) for e in scenario.log.read_all()]

    first, second = story()
    assert [first, second] == story()
    assert first[0] != second[0]
    assert (second[1], second[2]) == (UUID(int=1), noon)


def test_what_breaks_is_no_refusal() -> None:
    with pytest.raises(ArithmeticError, match="half-way"):
        rich().when(change_and_fail, Change(A, 1))


def test_a_failure_tells_the_story() -> None:
    scenario = rich().when(change, Change(A, 20))
    with pytest.raises(AssertionError) as failure:
        scenario.then([Deposited(20, 71)])
    assert str(failure.value) == (
        "Given\n"
        "    account-a: Deposited(amount=50, balance=50)\n"
        "When\n"
        "    Change(account='account-a', by=20)\n"
        "Expected\n"
        "    Deposited(amount=20, balance=71)\n"
        "Got\n"
        "    Deposited(amount=20, balance=70)\n"
        "Difference (- expected, + got)\n"
        "    - Deposited(amount=20, balance=71)\n"
        "    ?                               ^\n"
        "    + Deposited(amount=20, balance=70)\n"
        "    ?                               ^"
    )


@pytest.mark.parametrize(
    ("by", "step", "got"),
    [
        (20, lambda one: one.then_refused("No."), "    Deposited(amount=20, balance=70)"),
        (20, lambda one: one.then([]), "    Deposited(amount=20, balance=70)"),
        (51, lambda one: one.then([]), "    Refused: The balance would be 101."),
        (51, lambda one: one.then_refused("No."), "    Refused: The balance would be 101."),
        (20, lambda one: one.then_log({}), "    account-a: Deposited(amount=20, balance=70)"),
        (20, lambda one: one.when(change, Change(A, 1)), "    Deposited(amount=20, balance=70)"),
        (51, lambda one: one.require_checked(), "    Refused: The balance would be 101."),
    ],
)
def test_each_step_can_fail(by: int, step: Any, got: str) -> None:
    scenario = rich().when(change, Change(A, by))
    with pytest.raises(AssertionError) as failure:
        step(scenario)
    assert got in str(failure.value).partition("Got\n")[2].splitlines()


@pytest.mark.slow
def test_the_fixture_asks_what_became_of_the_last_command(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(
        "from django.conf import settings\n"
        f"settings.configure(EVENTS=['{change.__module__}'], POLICIES={{}})\n"
        f"from {change.__module__} import A, Change, change\n"
        "def test_asks(scenario):\n"
        "    scenario.when(change, Change(A, -1)).then_refused('The balance would be -1.')\n"
        "def test_does_not_ask(scenario):\n"
        "    scenario.when(change, Change(A, -1))\n"
    )
    plugins = ["-p", f"{BLOCK}.fixtures", "-p", "no:django", "-p", "no:cacheprovider"]
    done = python("-m", "pytest", *plugins, str(tmp_path))
    assert "2 passed, 1 error" in done.stdout
    assert "Refused: The balance would be -1." in done.stdout


def test_no_database_and_no_setup_are_needed() -> None:
    program = (
        "from django.conf import settings\n"
        f"settings.configure(EVENTS=['{change.__module__}'], POLICIES={{}})\n"
        f"from {change.__module__} import *\n"
        f"from {BLOCK} import Scenario\n"
        "Scenario().when(change, Change(A, 7)).then([Deposited(7, 7)])\n"
        "from django.apps import apps\n"
        "print(apps.ready)\n"
    )
    done = python("-c", program)
    assert (done.stdout, done.stderr) == ("False\n", "")


def python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
