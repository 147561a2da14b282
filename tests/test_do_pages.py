"""docs/deploy.md, debug.md and upgrade.md are true: their commands do what these pages say."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from io import StringIO
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from psycopg import sql

from cqrs_example.eventstore import Event, StreamName, last_event
from dev.processes import free_port
from dev.programs import find_programs

from .databases import execute, own_database, url
from .serving import ROOT
from .slices import SLICES

PRODUCT = StreamName[Event]("product-abc123")
BLOCK = re.compile(r"^( *)<!-- run: (\w+) -->\n+ *```sh\n(.*?)^ *```\n", re.DOTALL | re.MULTILINE)


def blocks(page: str) -> dict[str, str]:
    """The commands of a page, by their names."""
    found = BLOCK.findall((ROOT / "docs" / page).read_text())
    return {name: block for _, name, block in found}


@pytest.fixture
def role() -> Iterator[str]:
    name = f"role_{uuid4().hex[:12]}"
    yield name
    with psycopg.connect(url(connection.settings_dict["NAME"]), autocommit=True) as database:
        if database.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
            database.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
    execute("DROP ROLE IF EXISTS {}", name)


@pytest.fixture
def terminal(django_db_setup: None, role: str) -> Iterator[dict[str, str]]:
    """The variables of somebody who deploys to a database of its own."""
    with own_database() as name:
        yield {
            # Without what the browser's library sets in this process.
            **{k: v for k, v in os.environ.items() if k != "DJANGO_ALLOW_ASYNC_UNSAFE"},
            "DEBUG": "0",
            "OPEN_MODE": "",
            "HTTPS": "1",
            "DURABLE": "0",  # the tests' Postgres could forget
            "PORT": str(free_port()),
            "ALLOWED_HOSTS": "localhost",
            "SECRET_KEY": "of-these-tests-and-as-long-as-it-has-to-be-0123456789",
            "OWNER_URL": url(name),
            "ROLE": role,
            "PATH": f"{Path(sys.executable).parent}:{find_programs()}:{os.environ['PATH']}",
        }


@pytest.mark.slow
def test_deploying(terminal: dict[str, str]) -> None:
    page = blocks("deploy.md")
    assert list(page) == ["owner", "server", "ready"]
    script = page["owner"] + page["server"].replace("\ngunicorn", "\nexec gunicorn")
    server = subprocess.Popen(["sh", "-euc", script], cwd=ROOT, env=terminal)
    try:
        until_ready(server, int(terminal["PORT"]))
        ready = page["ready"].replace(":8000", f":{terminal['PORT']}")
        asked = subprocess.run(["sh", "-euc", ready], capture_output=True, text=True, check=True)
        assert asked.stdout == "ok"
    finally:
        server.terminate()
        assert server.wait(30) == 0


@pytest.mark.slow
def test_migration_gives_up(terminal: dict[str, str]) -> None:
    """While a transaction that has read the log lasts, and goes through after it."""

    def run(script: str) -> subprocess.CompletedProcess[str]:
        environment = {**terminal, "DATABASE_URL": terminal["OWNER_URL"]}
        return subprocess.run(
            ["sh", "-euc", script],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    give_up = blocks("upgrade.md")["give_up"]
    before = run("python manage.py migrate -v0; python manage.py migrate -v0 eventstore 0004")
    assert before.returncode == 0, before.stderr
    with psycopg.connect(terminal["OWNER_URL"]) as reader:
        reader.execute("SELECT FROM eventstore_event")
        held_up = run(give_up)
        assert "canceling statement due to lock timeout" in held_up.stderr
        with psycopg.connect(terminal["OWNER_URL"]) as writer:  # waits for nobody
            writer.execute("SET lock_timeout = '1s'")
            writer.execute("LOCK eventstore_event IN ROW EXCLUSIVE MODE")
    gone_on = run(give_up)
    assert gone_on.returncode == 0, gone_on.stderr
    assert "eventstore.0005_moments_and_names... OK" in gone_on.stdout


def until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as client:
                client.request("GET", "/readyz")
                client.getresponse()
                return
        except ConnectionError:
            time.sleep(0.05)
    raise AssertionError("It did not start: its sentence is above.")


def manage(block: str) -> str:
    """What the commands of `manage.py` in a block print; in this process, for speed."""
    out = StringIO()
    for line in block.splitlines():
        if line.strip().startswith("python manage.py "):
            _, _, name, *arguments = shlex.split(line)
            try:
                call_command(name, *arguments, stdout=out)
            except CommandError as error:
                raise AssertionError(f"{line}: {error} {out.getvalue()}") from error
    return out.getvalue()


@pytest.fixture
def shipped(transactional_db: None, client: Client) -> None:
    """What the pages say was done before: 50 received, 47 shipped."""
    for deed, quantity in (("increase", 50), ("ship", 47)):
        path = f"/warehouse/products/abc123/{deed}_quantity"
        done = client.post(path, {"quantity": quantity}, content_type="application/json")
        assert done.status_code == 200


@pytest.mark.slices(*SLICES)
@pytest.mark.usefixtures("shipped")
def test_debugging() -> None:
    page = blocks("debug.md")
    last = last_event(PRODUCT)
    assert last is not None
    assert "ProductQuantityShipped" in manage(page.pop("stream"))
    traced = manage(page.pop("trace").replace("$ID", str(last.correlation_id)).split("\n", 1)[1])
    assert "NotifiedLowProductQuantity" in traced
    scenario = traced[traced.index("from ") :]
    exec(compile(scenario, "printed", "exec"), {"__name__": "printed"})
    verified = manage(page.pop("verify"))
    assert "products: 1 row" in verified
    assert "recorded by" in verified
    assert "products: " in manage(page.pop("rebuild"))
    assert f"#{last.position}" in manage(page.pop("show").replace("#1'", f"#{last.position}'"))
    assert manage(page.pop("subscriptions")) == ""  # everything hears in the transaction
    [query] = re.findall(r'-c "(.*)"', page.pop("waiting"))
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert [column.name for column in cursor.description][:2] == ["pid", "waits_for"]
    assert page == {}


@pytest.mark.slices(*SLICES)
@pytest.mark.usefixtures("shipped")
def test_upgrading(role: str) -> None:
    page = blocks("upgrade.md")
    migrated = manage(page.pop("migrate").replace("$ROLE", role))
    assert "No planned migration operations" in migrated
    assert f"user={role}" in migrated
    assert "lock_timeout" in page.pop("give_up")  # see `test_migration_gives_up`
    proved = manage(page.pop("prove"))
    assert "the log: 3 events in 2 streams are in order" in proved
    assert "products: 1 row" in proved
    assert page == {}
