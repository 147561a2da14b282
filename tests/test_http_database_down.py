"""The database cannot be reached, or holds somebody up for too long: 503, and back by itself."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction

from cqrs_example import eventstore

from .bank.events import account_stream
from .bank.serving import BankServer
from .browsing import Browser
from .racing import backend, in_background, until, waiting_for
from .serving import Answer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("bank")]

ACCOUNTS = "/accounts"
SENTENCE = "The database does not answer. Try again soon."


class Wire:
    """TCP to the test database, which can be cut: nothing listens then."""

    def __init__(self) -> None:
        self.port = 0
        self.ends: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=[self.listener]).start()

    def accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                near, far = listener.accept()[0], database()
                self.ends += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=pair).start()

    def cut(self) -> None:
        for end in [self.listener, *self.ends]:
            with suppress(OSError):  # it has ended by itself
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.ends.clear()


def database() -> socket.socket:
    """A connection to the Postgres of the tests, by TCP or by its socket file."""
    values = connection.settings_dict
    host, port = values["HOST"] or "/var/run/postgresql", int(values["PORT"] or 5432)
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    client = socket.socket(socket.AF_UNIX)
    client.connect(f"{host}/.s.PGSQL.{port}")
    return client


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.cut()


@pytest.fixture(scope="module")
def _far_server(django_db_setup, wire) -> Iterator[BankServer]:
    values = connection.settings_dict
    login = {"user": values["USER"], "password": values["PASSWORD"], "dbname": values["NAME"]}
    where = " ".join(f"{key}='{value}'" for key, value in login.items() if value)
    server = BankServer(
        {
            "DATABASE_URL": f"host=127.0.0.1 port={wire.port} {where} sslmode=disable",
            "DEBUG": "1",
            "PGOPTIONS": f"{os.environ.get('PGOPTIONS', '')} -c lock_timeout=50ms",
        }
    )
    yield server
    server.stop()


@pytest.fixture
def server(_far_server, transactional_db):
    return _far_server


def unavailable(answer: Answer) -> bool:
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert "Accept" in answer.headers["Vary"]
    return SENTENCE in answer.text


def test_database_not_reachable_and_back(server, wire, log):
    key = str(uuid4())
    assert server.deposit("abc123", 10).status == 200
    wire.cut()
    for _ in range(2):  # connections that are cut, then connections that are refused
        assert unavailable(server("GET", ACCOUNTS))
        assert unavailable(server("GET", f"{ACCOUNTS}/abc123", Accept="text/html"))
        assert unavailable(
            server("GET", ACCOUNTS, Accept="text/html", Cookie="sessionid=" + "a" * 32)
        )
        assert unavailable(server.deposit("abc123", 5, Idempotency_Key=key))
        assert unavailable(server.withdraw("abc123", 5))
    assert server("GET", "/healthz").status == 200
    assert server("GET", "/readyz").status == 503

    wire.mend()
    assert server.deposit("abc123", 5, Idempotency_Key=key).status == 200
    assert server("GET", "/readyz").status == 200
    assert server.balances() == {"abc123": 15}
    assert log() == ["Deposited 10 in abc123, 10 there", "Deposited 5 in abc123, 15 there"]


def test_database_not_reachable_where_a_login_is_asked_for(server, wire):
    """Who it is stands in the database as well: 503 for the token and for the session."""
    closed = BankServer(
        {
            **server.environment,
            "DEBUG": "0",
            "SECRET_KEY": "of this test, " * 4,
            "OPEN_MODE": "0",
            "HTTPS": "0",
            "ALLOWED_HOSTS": "127.0.0.1",
        }
    )
    browser = Browser(closed)
    token = browser.get("/login").forms["/login"]["csrfmiddlewaretoken"]
    wire.cut()
    try:
        for known in ({"Authorization": "Bearer a"}, {"Cookie": "sessionid=" + "a" * 32}):
            assert unavailable(closed.withdraw("abc123", 5, **known))
            assert unavailable(closed("GET", ACCOUNTS, Accept="text/html", **known))
            assert unavailable(closed("GET", "/admin/", Accept="text/html", **known))
            for nowhere in ("/nowhere", "/static/nowhere.css"):
                assert closed("GET", nowhere, Accept="text/html", **known).status == 404
            assert closed("GET", "/healthz", **known).status == 200
        assert closed("GET", ACCOUNTS).status == 401
        for page in ("/login", "/admin/login/"):
            said = len(closed.log.read_text())
            typed = {"csrfmiddlewaretoken": token, "username": "a", "password": "b"}
            answer = browser.send(page, typed)
            assert unavailable(answer)
            # Of this request: the other worker may still be starting, and say so.
            id = answer.headers["X-Correlation-ID"]
            [line] = [line for line in closed.log.read_text()[said:].splitlines() if id in line]
            assert f"POST {page}: " in line
    finally:
        closed.stop()
        wire.mend()


def test_database_restarted_between_requests(server, wire):
    for _ in range(20):  # so that most threads have a connection
        assert server.deposit("abc123", 1).status == 200
    wire.cut()
    wire.mend()
    assert [server.deposit("abc123", 1).status for _ in range(20)] == [200] * 20


def test_database_not_reachable_when_the_process_starts(server, wire):
    wire.cut()
    server.stop()
    said = len(server.log.read_text())
    server.start(ready=503)
    assert "The database was not checked, as it does not answer: " in server.log.read_text()[said:]
    assert unavailable(server("GET", ACCOUNTS))
    wire.mend()
    assert server("GET", ACCOUNTS).text == "[]"
    assert server("GET", "/readyz").status == 200


def test_database_that_forgets_comes_when_the_process_has_started(server, wire):
    other = copy(server)
    other.environment = {**server.environment, "DURABLE": "1"}
    wire.cut()
    try:
        other.start(ready=503)
        wire.mend()
        said = len(other.log.read_text())
        answer = other("GET", "/readyz")
        assert (answer.status, answer.text) == (503, "The database is not fit: the log says why.")
        assert "fsync is off: a crash of the database would" in other.log.read_text()[said:]
    finally:
        other.stop()
    assert server("GET", "/readyz").status == 200


@contextmanager
def set_for_new_sessions(wire: Wire, name: str, value: str) -> Iterator[None]:
    """A setting of the database, for the server's connections and not for ours."""
    database = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{database}" SET {name} = {value}')
        wire.cut()
        wire.mend()
        try:
            yield
        finally:  # else every test that comes after this one fails with it
            cursor.execute(f'ALTER DATABASE "{database}" RESET {name}')
            wire.cut()
            wire.mend()


def test_database_that_takes_no_writes(server, wire, log):
    """A standby after a failover: it reads on, and commands wait for another one."""
    assert server.deposit("abc123", 10).status == 200
    with set_for_new_sessions(wire, "default_transaction_read_only", "on"):
        said = len(server.log.read_text())
        assert unavailable(server.deposit("abc123", 5))
        lines = server.log.read_text()[said:].splitlines()
        [line] = [line for line in lines if "POST /accounts/abc123/deposit" in line]
        assert "read-only transaction" in line
        assert server.balances() == {"abc123": 10}
    assert server.deposit("abc123", 5).status == 200
    assert log() == ["Deposited 10 in abc123, 10 there", "Deposited 5 in abc123, 15 there"]


def test_table_that_changed_under_a_prepared_statement(server, wire, log):
    """As a migration does it while requests go on: the connection would never be right again."""
    for _ in range(60):  # so that statements are prepared in most threads
        assert server("GET", f"{ACCOUNTS}/other").status in (200, 404)
        assert server.deposit("other", 1).status == 200
    change = "ALTER TABLE eventstore_event ALTER schema_version TYPE {}"
    try:
        with connection.cursor() as cursor:
            cursor.execute(change.format("bigint"))
        statuses = [server.deposit("other", 1).status for _ in range(60)]
        assert set(statuses) <= {200, 503}
        assert statuses[-12:] == [200] * 12
        read = [server("GET", f"{ACCOUNTS}/other").status for _ in range(60)]
        assert set(read) <= {200, 503}
        assert read[-12:] == [200] * 12
    finally:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(change.format("int"))
        wire.cut()
        wire.mend()
    assert len(log()) == 60 + statuses.count(200)


@pytest.mark.parametrize("missing", ["table", "column"])
def test_database_that_is_not_as_it_should_be(server, log, missing):
    name, other = "bank_account", "set_aside"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} RENAME TO {other}")
        if missing == "column":
            cursor.execute(f"CREATE VIEW {name} AS SELECT account, amount FROM {other}")
    try:
        said = len(server.log.read_text())
        answer = server.deposit("abc123", 5)
        assert (answer.status, answer.headers["Retry-After"]) == (500, None)
        assert "its log says why" in answer.text
        [line] = server.log.read_text()[said:].splitlines()
        assert name in line
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP VIEW IF EXISTS {name}")
            cursor.execute(f"ALTER TABLE {other} RENAME TO {name}")
    assert log() == []
    assert server.deposit("abc123", 5).status == 200


def test_head_is_one_line_at_most(server):
    said = len(server.log.read_text())
    for path in ("/openapi.json", "/healthz", f"{ACCOUNTS}/a", "/static/warehouse.css"):
        get, head = (server(method, path) for method in ("GET", "HEAD"))
        assert (head.status, head.body) == (get.status, b"")
        assert head.headers["Content-Length"] == get.headers["Content-Length"]
    lines = server.log.read_text()[said:].splitlines()
    assert [f"Not Found: {ACCOUNTS}/a" in line for line in lines] == [True, True]


def test_what_is_not_ready_says_why_in_the_log(server, wire):
    wire.cut()
    said = len(server.log.read_text())
    answer = server("GET", "/readyz")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    [line] = server.log.read_text()[said:].splitlines()
    assert "GET /readyz: " in line
    wire.mend()


def test_what_is_not_migrated_says_what_is_missing(server):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'access' RETURNING name, applied")
        applied = cursor.fetchall()
    try:
        said = len(server.log.read_text())
        answer = server("GET", "/readyz")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert answer.text == "Migrations are missing."
        [line] = server.log.read_text()[said:].splitlines()
        assert f"GET /readyz: migrations are missing: access.{applied[0][0]}" in line
    finally:
        with connection.cursor() as cursor:
            into = "INSERT INTO django_migrations (app, name, applied) VALUES ('access', %s, %s)"
            cursor.executemany(into, applied)
    assert server("GET", "/readyz").status == 200


@pytest.fixture
def patient(server):
    """Another server, whose statements may wait for a second."""
    other = BankServer(
        {**server.environment, "PGOPTIONS": "-c lock_timeout=0 -c statement_timeout=1s"}
    )
    yield other
    other.stop()


def test_statement_that_takes_too_long_and_session_ended_from_outside(server, patient, log):
    said = len(patient.log.read_text())
    with transaction.atomic():
        eventstore.lock(account_stream("abc123"))
        assert unavailable(patient.deposit("abc123", 5))
        with in_background(lambda: patient.deposit("abc123", 7)) as answer:
            [session] = until(lambda: waiting_for(backend()))
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [session])
            assert unavailable(answer.result(20))
    too_long, ended = patient.log.read_text()[said:].splitlines()
    assert "canceling statement due to statement timeout" in too_long
    assert "connection" in ended
    assert patient.deposit("abc123", 5).status == 200
    assert log() == ["Deposited 5 in abc123, 5 there"]


def test_account_locked_for_too_long(server, log):
    with transaction.atomic():
        eventstore.lock(account_stream("abc123"))
        assert unavailable(server.deposit("abc123", 5))
        assert server.deposit("other", 5).status == 200
    assert server.deposit("abc123", 5).status == 200
    assert log() == ["Deposited 5 in other, 5 there", "Deposited 5 in abc123, 5 there"]


def test_database_that_says_nothing(db):
    """It takes connections and never answers, as a machine that hangs: nobody waits for minutes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        other = connection.copy()
        other.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(silent.getsockname()[1])}
        expired = pytest.raises(OperationalError, match="timeout expired")
        with expired, in_background(other.ensure_connection):
            pass
