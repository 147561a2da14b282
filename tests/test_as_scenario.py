"""What the log holds as a test: it runs, and passes."""

import subprocess
import sys
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command

from cqrs_example.in_memory import Scenario
from cqrs_example.messaging import Context, execute

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.events import account_stream

pytestmark = pytest.mark.usefixtures("bank")
KEY = UUID("4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90")


def printed(*arguments):
    out = StringIO()
    call_command("events", *arguments, stdout=out)
    return out.getvalue()


def run(module):
    """Carry out the test that a module has."""
    names = {}
    exec(module, names)
    scenario = Scenario()
    names["test_from_the_log"](scenario)
    return scenario


@pytest.fixture
def happened(db):
    """10 came earlier; then one request received 5 more and shipped 12, which leaves few."""
    execute(deposit, Deposit("a", 10))
    execute(deposit, Deposit("a", 5), Context(correlation_id=KEY))
    execute(withdraw, Withdraw("a", 12, "A-1001"), Context(correlation_id=KEY))


def test_a_stream_is_what_was_given(happened):
    scenario = run(printed("stream", "account-a", "--as-python"))
    assert [event.version for event in scenario.log.read(account_stream("a"))] == [1, 2, 3]


def test_a_request_is_a_scenario_that_passes(happened):
    module = printed("trace", str(KEY), "--as-python")
    assert [step for step, _ in run(module).steps] == ["Given", "When", "When"]
    with pytest.raises(AssertionError, match="Withdrew 12 from a, 4 left"):
        run(module.replace("balance=3", "balance=4"))
    assert 'Withdraw(account="a", amount=12, reference="A-1001"),' in module


def test_it_is_formatted(happened, tmp_path):
    for name, module in (
        ("stream", printed("stream", "account-a", "--as-python")),
        ("trace", printed("trace", str(KEY), "--as-python")),
    ):
        path = tmp_path / f"{name}.py"
        path.write_text(module)
        ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)]
        assert subprocess.run(ruff, capture_output=True, text=True).stdout == ""


def test_what_no_command_explains_comes_as_events(happened, settings):
    settings.COMMANDS = []
    steps = [step for step, _ in run(printed("trace", str(KEY), "--as-python")).steps]
    assert steps == ["Given", "When", "When"]
    assert "when_recorded" in printed("trace", str(KEY), "--as-python")


def test_an_unknown_request(db):
    with pytest.raises(Exception, match="No event has the correlation id"):
        printed("trace", str(uuid4()), "--as-python")
