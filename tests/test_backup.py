"""The drill of docs/backup.md, as it stands there: dump, destroy, restore, verify, go on."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from dev.programs import find_programs

from .bank.serving import SETTINGS, BankServer
from .conftest import ROOT
from .databases import execute, own_database, url

pytestmark = pytest.mark.slow

TEXT = (ROOT / "docs" / "backup.md").read_text()


@pytest.fixture
def drill(django_db_setup: None, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of the document, for a bank of its own that is about to be lost."""
    copy = f"copy_{uuid4().hex[:12]}"
    programs = f"{find_programs()}:{Path(sys.executable).parent}"
    with own_database() as name:
        yield {
            **os.environ,
            **SETTINGS,
            "DATABASE_URL": url(name),
            "COPY": copy,
            "COPY_URL": url(copy),
            "SERVER_URL": url("postgres"),
            "DUMPS": str(tmp_path),
            "PATH": f"{programs}:{os.environ['PATH']}",
        }
    execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", copy)


def run(name: str, environment: dict[str, str], status: int = 0) -> str:
    """The commands of the document under this name."""
    [commands] = re.findall(rf"<!-- run: {name} -->\n```sh\n(.*?)```", TEXT, re.DOTALL)
    commands = commands.replace("warehouse.dump", "$DUMPS/warehouse.dump")
    done = subprocess.run(
        ["sh", "-euc", commands], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def seal(environment: dict[str, str]) -> str:
    command = [sys.executable, "manage.py", "seal_log"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    return done.stdout.decode()


def test_drill(drill):
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], env=drill, check=True)
    key = str(uuid4())
    server = BankServer({"DATABASE_URL": drill["DATABASE_URL"], "DEBUG": "1"})
    server.deposit("abc123", 10, Idempotency_Key=key)
    server.withdraw("abc123", 7)
    server.deposit("other", 5)
    sealed = seal(drill)
    run("backup", drill)
    balances = server.balances()
    server.stop()
    execute("DROP DATABASE {} WITH (FORCE)", drill["DATABASE_URL"].split("dbname=")[1].split()[0])

    run("restore", drill)
    proof = run("prove", drill)
    assert "accounts: 2 rows agree with 4 events" in proof
    assert "sealed up to position 4: agrees" in proof
    assert seal({**drill, "DATABASE_URL": drill["COPY_URL"]}) == sealed
    server = BankServer({"DATABASE_URL": drill["COPY_URL"], "DEBUG": "1"})
    try:
        assert server.balances() == balances
        assert server.deposit("abc123", 10, Idempotency_Key=key).status == 200
        assert server.balances() == balances
        assert server.deposit("abc123", 1).status == 200
    finally:
        server.stop()
    assert "accounts: 2 rows agree with 5 events" in run("prove", drill)
    with (
        psycopg.connect(drill["COPY_URL"]) as owner,
        pytest.raises(psycopg.errors.RestrictViolation, match="append-only"),
    ):
        owner.execute("DELETE FROM eventstore_event")


def test_restored_log_that_is_damaged_is_found(drill):
    """The proof can fail: an event of the middle is missing in the copy."""
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], env=drill, check=True)
    server = BankServer({"DATABASE_URL": drill["DATABASE_URL"], "DEBUG": "1"})
    for _ in range(3):
        server.deposit("abc123", 1)
    server.stop()
    run("backup", drill)
    run("restore", drill)
    with psycopg.connect(drill["COPY_URL"]) as owner:
        owner.execute("ALTER TABLE eventstore_event DISABLE TRIGGER ALL")
        owner.execute("DELETE FROM eventstore_event WHERE version = 2")
        # As they were: else the check of triggers is the first to find something.
        owner.execute("ALTER TABLE eventstore_event ENABLE TRIGGER ALL")
        owner.execute("ALTER TABLE eventstore_event ENABLE ALWAYS TRIGGER eventstore_append_only")
    assert "abc123: version 3 comes after version 1" in run("prove", drill, status=1)
