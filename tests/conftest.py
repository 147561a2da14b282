"""The real stack for every test: Postgres, gunicorn, HTTP."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from cqrs_example.eventstore import read_all

from .listeners import wire  # noqa: F401 (a fixture for all)
from .shapes import shaped  # noqa: F401 (a fixture for all)
from .subscribing import subscribed  # noqa: F401 (a fixture for all)

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session", autouse=True)
def _tests_that_commit_end_empty() -> Iterator[None]:
    """Django's TRUNCATE takes 40 times as long, and makes permissions anew. The log refuses this:
    only the owner of the table can switch its trigger off, and nothing that could be set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test: empty_all_tables())
        yield


def empty_all_tables() -> None:
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    trigger = "TRIGGER eventstore_append_only"
    with transaction.atomic(), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - kept
        cursor.execute(
            f"ALTER TABLE eventstore_event DISABLE {trigger};"
            + "".join(f"DELETE FROM {connection.ops.quote_name(name)};" for name in sorted(tables))
            + "SET CONSTRAINTS ALL IMMEDIATE;"
            f"ALTER TABLE eventstore_event ENABLE ALWAYS {trigger}"
        )


class Server:
    """A gunicorn of our own, and a plain HTTP client for it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.log = ROOT / ".pytest_cache" / f"gunicorn-{os.getpid()}.log"
        self.start()

    def start(self, ready: int = 200) -> None:
        """Returns when /readyz answers with this status."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "cqrs_example.wsgi", "--workers", "2"],
                cwd=ROOT,
                env={**os.environ, **self.environment, "PORT": str(self.port)},
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if self("GET", "/readyz").status == ready:
                    return
            except ConnectionError:
                pass
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"gunicorn did not start: {self.log.read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

    def restart(self) -> None:
        self.stop()
        self.start()

    def __call__(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> "Answer":
        """One request on a connection of its own; header_names_like_this."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as client:
            client.request(method, path, body, names)
            return Answer(client.getresponse())

    def post(self, path: str, body: str, **headers: str) -> "Answer":
        return self("POST", path, body, **{"Content_Type": "application/json", **headers})

    def increase(self, sku: str, quantity: object, **headers: str) -> "Answer":
        path = f"/warehouse/products/{sku}/increase_quantity"
        return self.post(path, f'{{"quantity": {quantity}}}', **headers)

    def ship(self, sku: str, quantity: object, **headers: str) -> "Answer":
        path = f"/warehouse/products/{sku}/ship_quantity"
        return self.post(path, f'{{"quantity": {quantity}}}', **headers)

    def stock(self) -> dict[str, int]:
        """The product list, SKU by SKU, in its order."""
        products = json.loads(self("GET", "/warehouse/products", Accept="application/json").body)
        return {product["sku"]: product["quantity"] for product in products}


class Answer:
    def __init__(self, response: Any) -> None:
        self.status: int = response.status
        self.headers = response.headers
        self.body: bytes = response.read()

    def __repr__(self) -> str:
        return f"{self.status} {self.body!r}"

    @property
    def text(self) -> str:
        return self.body.decode()


def database_url() -> str:
    """The test database, for another process."""
    values = connection.settings_dict
    keys = ("HOST", "PORT", "USER", "PASSWORD")
    where = " ".join(f"{key.lower()}='{values[key]}'" for key in keys if values[key])
    return f"{where} dbname='{values['NAME']}'"


@pytest.fixture(scope="session")
def _gunicorn(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    server = Server({"DATABASE_URL": database_url(), "DEBUG": "1"})
    yield server
    server.stop()


@pytest.fixture
def server(_gunicorn: Server, transactional_db: None) -> Server:
    """gunicorn on the test database, which is empty at the start of each test."""
    return _gunicorn


@pytest.fixture
def rows() -> Callable[..., Any]:
    """`rows(sql, *parameters)`: what is in the database."""

    def query(sql: str, *parameters: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    return query


@pytest.fixture
def log() -> Callable[[], list[str]]:
    """`log()`: what has happened, in the order of the log."""
    return lambda: [str(event) for event in read_all()]


@pytest.fixture
def everything(rows: Callable[..., Any]) -> Callable[[], Any]:
    """`everything()`: all that a command could change, the log and the read models."""
    tables = (
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_name ~ '^(eventstore|warehouse)_' ORDER BY 1"
    )
    return lambda: {name: rows(f"SELECT * FROM {name} ORDER BY 1") for (name,) in rows(tables)}
