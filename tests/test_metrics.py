"""`/metrics`: what several processes count together, and what the database is asked."""

import fcntl
import os
import re
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from cqrs_example.messaging import DomainError, execute
from cqrs_example.telemetry import exposition
from dev.modes import chosen_mode, settings_of

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .racing import until
from .serving import ROOT, Server
from .subscribing import Subscribed, add

COMMANDS = ["cqrs_example.telemetry.metrics.command"]
HANDLERS = ["cqrs_example.telemetry.metrics.handler"]


def metrics(client: Client) -> dict[str, float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    return parsed(response.content.decode())


def parsed(text: str) -> dict[str, float]:
    lines = re.findall(r"^([a-z_]+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in lines}


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
def test_commands_refusals_and_durations_are_counted(client: Client, settings: Any) -> None:
    settings.AROUND_COMMANDS, settings.AROUND_HANDLERS = COMMANDS, HANDLERS
    before = metrics(client)

    def more(name: str) -> float:
        return metrics(client)[name] - before.get(name, 0)

    [event] = execute(deposit, Deposit("ann", 7))
    with pytest.raises(DomainError):
        execute(withdraw, Withdraw("ann", 8))
    with pytest.raises(ZeroDivisionError):
        execute(lambda tx, command: 1 / 0, Deposit("ann", 7))  # type: ignore[arg-type, return-value]
    assert more('cqrs_commands_total{command="Deposit",outcome="done"}') == 1
    assert more('cqrs_commands_total{command="Deposit",outcome="failed"}') == 1
    assert more('cqrs_commands_total{command="Withdraw",outcome="refused"}') == 1
    assert more('cqrs_command_duration_seconds_count{command="Deposit"}') == 2
    assert more('cqrs_handler_duration_seconds_count{handler="accounts"}') == 1
    assert metrics(client)["cqrs_log_position"] == event.position
    assert metrics(client)["cqrs_database_up"] == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
def test_retries_are_counted(client: Client, settings: Any) -> None:
    settings.AROUND_COMMANDS = COMMANDS
    name = 'cqrs_command_retries_total{command="Deposit"}'
    before = metrics(client).get(name, 0)
    tries = 0

    def twice(tx: Any, command: Deposit) -> Any:
        nonlocal tries
        tries += 1
        if tries < 3:
            deadlock = OperationalError("deadlock detected")
            deadlock.__cause__ = type("Deadlock", (Exception,), {"sqlstate": "40P01"})()
            raise deadlock
        return deposit(tx, command)

    execute(twice, Deposit("ann", 7))
    assert metrics(client)[name] - before == 2


def test_subscriptions_have_positions_and_lag(subscribed: Subscribed, client: Client) -> None:
    subscribed.switch("note")
    before = subscribed.last()
    add("a", 1, 2)
    found = metrics(client)
    label = '{kind="policy",subscription="note"}'
    assert found[f"cqrs_subscription_position{label}"] == before
    assert found[f"cqrs_subscription_lag_events{label}"] == 2
    assert found[f"cqrs_subscription_lag_seconds{label}"] > 0
    assert found[f"cqrs_subscription_running{label}"] == 0
    assert found[f"cqrs_subscription_stands_still{label}"] == 0


@pytest.mark.django_db(transaction=True)
def test_database_that_does_not_answer_takes_nothing_else_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposition, "LAST", "SELECT 1 / 0")
    found = metrics(client)
    assert found["cqrs_database_up"] == 0
    assert "cqrs_log_position" not in found
    assert any(name.startswith("python_info") for name in found)


def test_without_the_library_there_is_no_such_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert client.get("/metrics").status_code == 404


@pytest.mark.slow
@pytest.mark.slices("increase_product_quantity")
def test_processes_of_a_server_count_together(server: Any) -> None:
    """With the application's own settings, which measure where the library is installed."""
    own = Server({**server.environment, "DJANGO_SETTINGS_MODULE": settings_of(chosen_mode())})
    try:
        for _ in range(20):
            assert own.increase("bolt-06", 1).status == 200
        name = 'cqrs_commands_total{command="IncreaseProductQuantity",outcome="done"}'

        def counted() -> float:
            return parsed(own("GET", "/metrics").body.decode()).get(name, 0)

        until(lambda: counted() == 20)  # each process counts once a second
        assert {counted() for _ in range(10)} == {20}  # whichever process answers
    finally:
        own.stop()


def folders(port: int) -> list[Path]:
    """What servers at this port count in."""
    places = [Path("/dev/shm"), Path(tempfile.gettempdir())]
    return [folder for place in places for folder in place.glob(f"cqrs-metrics-{port}-*")]


def is_let_go(folder: Path) -> bool:
    with (folder / "lock").open() as lock, suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


@pytest.mark.slow
@pytest.mark.slices("increase_product_quantity")
def test_folder_of_a_server_that_was_killed_is_removed_by_the_next(server: Any) -> None:
    own = Server({**server.environment, "DJANGO_SETTINGS_MODULE": settings_of(chosen_mode())})
    other = None
    try:
        assert own.increase("bolt-06", 1).status == 200
        [folder] = folders(own.port)
        until(lambda: list(folder.glob("*.db")))
        other = Server(own.environment)  # it leaves that of one that lives alone
        assert folders(own.port) == [folder]
        own.process.kill()
        until(lambda: is_let_go(folder))  # by its workers, too
        other.restart()
        assert folders(own.port) == []
        assert len(folders(other.port)) == 1
    finally:
        for each in filter(None, (own, other)):
            each.stop()
    assert folders(other.port) == []


@pytest.mark.slow
@pytest.mark.slices("increase_product_quantity")
def test_start_that_fails_leaves_no_folder(server: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        environment = {**os.environ, **server.environment, "PORT": str(port)}
        environment["DJANGO_SETTINGS_MODULE"] = settings_of(chosen_mode())
        command = [sys.executable, "-m", "gunicorn", "cqrs_example.wsgi"]
        failed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60)
    assert failed.returncode != 0
    assert b"in use" in failed.stderr
    assert folders(port) == []


def test_probes_limit_what_nobody_logs_in_for() -> None:
    text = (Path(__file__).parent.parent / "docker" / "nginx.conf").read_text()
    [part] = re.findall(r"location ~ \^/\(readyz\|metrics\)/\?\$ \{(.*?)\}", text, re.DOTALL)
    assert "limit_req zone=probes" in part
