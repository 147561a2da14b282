"""The database's side: what the server refuses to start on, two roles, a backup and its restore."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cqrs_example.operations.checks import FREE
from dev.processes import free_port

from .bank.serving import SETTINGS, BankServer
from .conftest import ROOT, database_url
from .databases import own_database, url

LIMITS = {
    "lock_timeout": "3s",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "15s",
    "client_connection_check_interval": "2s",
}


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """gunicorn, as far as it gets: where nothing is wrong it would go on for ever."""
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", "cqrs_example.wsgi", "--bind", "127.0.0.1:0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_server_refuses_a_database_that_forgets(name):
    run = start(DURABLE="1")
    assert run.returncode == 1
    assert f"{name} is off: a crash of the database would lose commands" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.django_db
def test_server_refuses_more_connections_than_there_are(rows):
    free = rows(FREE)
    run = start(WEB_CONCURRENCY="500")
    assert run.returncode == 1
    # Of each process four threads, and the one that writes how long handlers took.
    assert f"take 2500 connections, but the database has {free[0][0]} for them" in run.stderr


@pytest.mark.django_db
def test_server_refuses_to_start_without_workers():
    for run in (start(WEB_CONCURRENCY="0"), start(GUNICORN_CMD_ARGS="--workers 0")):
        sentence = "Without a worker nobody is served: set WEB_CONCURRENCY to 1 or more."
        assert (run.returncode, run.stderr.splitlines()[-1]) == (1, sentence)


@pytest.mark.django_db
@pytest.mark.parametrize("port", ["abc", "0", "99999", "-1", "80 "])
def test_server_refuses_what_is_no_port(port):
    run = start(PORT=port)
    sentence = f"PORT={port} is not a port: give a number from 1 to 65535.\n"
    assert (run.returncode, run.stderr) == (1, sentence)


@pytest.mark.django_db
@pytest.mark.parametrize("workers", ["abc", "-1", ""])
def test_make_run_refuses_what_is_no_number_of_workers(workers):
    run = subprocess.run(
        [sys.executable, "-m", "dev.run"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "PORT": str(free_port()),
            "WEB_CONCURRENCY": workers,
        },
        capture_output=True,
        text=True,
        timeout=30,
    )
    sentence = f"WEB_CONCURRENCY={workers} is no number of processes: give 1 or more.\n"
    assert (run.returncode, run.stderr) == (1, sentence)


@pytest.fixture
def _remembered(transactional_db: None) -> Iterator[None]:
    """Whatever writes an account leaves its session's limits in the table `limits`."""
    values = ", ".join(f"('{name}', current_setting('{name}'))" for name in LIMITS)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE limits (name text, value text)")
        cursor.execute(
            "CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN INSERT INTO limits VALUES {values}; RETURN NULL; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER remember AFTER INSERT ON bank_account EXECUTE FUNCTION remember()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION remember() CASCADE")
        cursor.execute("DROP TABLE limits")


@pytest.mark.slow
@pytest.mark.usefixtures("_remembered")
@pytest.mark.parametrize(
    ("options", "changed", "environment"),
    [
        ("", {}, {}),
        (" options='-c geqo=off'", {}, {"PGOPTIONS": "-c lock_timeout=7s"}),
        (" options='-c lock_timeout=7s'", {"lock_timeout": "7s"}, {}),
        ("", {"lock_timeout": "7s"}, {"PGOPTIONS": "-c lock_timeout=7s"}),
        ("", {}, {"GUNICORN_CMD_ARGS": "--env PGOPTIONS="}),
    ],
)
def test_sessions_of_the_server_have_limits(rows, options, changed, environment):
    server = BankServer({"DATABASE_URL": database_url() + options, "DEBUG": "1", **environment})
    try:
        assert server.deposit("abc123", 1).status == 200
    finally:
        server.stop()
    assert dict(rows("SELECT name, value FROM limits")) == {**LIMITS, **changed}
    # The database gives up before gunicorn kills the worker.
    assert re.search(r"^timeout = 30$", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)


@pytest.fixture
def role(django_db_setup: None) -> Iterator[str]:
    name = f"app_{uuid4().hex[:12]}"
    yield name
    with psycopg.connect(url("postgres"), autocommit=True) as owner:
        owner.execute(f"DROP ROLE IF EXISTS {name}")


@pytest.fixture
def migrated(role: str) -> Iterator[str]:
    """The URL of a database of the test's own, as its owner."""
    with own_database() as name:
        manage(url(name), "migrate", "-v", "0")
        yield url(name)


def manage(database: str, *arguments: str, **environment: str) -> str:
    run = run_manage(database, *arguments, **environment)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def run_manage(
    database: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **SETTINGS, "DATABASE_URL": database, **environment},
        capture_output=True,
        text=True,
    )


FORBIDDEN = [
    "UPDATE eventstore_event SET type = 'x'",
    "DELETE FROM eventstore_event",
    "TRUNCATE eventstore_event",
    "DROP TABLE eventstore_event",
    "ALTER TABLE eventstore_event DISABLE TRIGGER ALL",
    "ALTER TABLE eventstore_event ADD COLUMN x int",
    "SET session_replication_role = replica",
    "SELECT setval('eventstore_event_position_seq', 1)",
    "CREATE TABLE mine (x int)",
    "CREATE TRIGGER x BEFORE INSERT ON eventstore_event EXECUTE FUNCTION eventstore_refuse()",
    "DROP FUNCTION eventstore_refuse() CASCADE",
    "CREATE ROLE other",
    "DELETE FROM django_migrations",
    "DELETE FROM projections_seal",
    "UPDATE projections_seal SET digest = ''",
]


@pytest.mark.slow
def test_application_as_a_role_that_cannot_change_the_log(migrated, role):
    told = manage(migrated, "create_app_role", role)
    as_role = make_conninfo(told.strip())
    assert conninfo_to_dict(as_role)["user"] == role

    server = BankServer({"DATABASE_URL": as_role, "DEBUG": "1"})
    try:
        assert server.deposit("abc123", 10).status == 200
        assert server.withdraw("abc123", 7).status == 200
        for path in ("", "/abc123"):
            assert server("GET", f"/accounts{path}", Accept="text/html").status == 200
        assert server("GET", "/low_balances").status == 200
        without_connections(server, migrated, role)
    finally:
        server.stop()
    manage(as_role, "create_first_admin")
    manage(as_role, "create_token", "scanner", "--may", "withdraw")
    assert "agree" in manage(as_role, "rebuild", "--all") + manage(as_role, "verify")
    assert "events are sealed" in manage(as_role, "seal_log")

    for statement in FORBIDDEN:
        with (
            psycopg.connect(as_role) as session,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            session.execute(statement)
    with psycopg.connect(migrated) as owner:
        assert owner.execute("SELECT count(*) FROM eventstore_event").fetchone() == (6,)


def without_connections(server: BankServer, database: str, role: str) -> None:
    """There is no connection left for the application: 503, and back by itself."""
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(f"ALTER ROLE {role} CONNECTION LIMIT 0")
        owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s",
            [role],
        )
        refused = server.deposit("another", 5)
        owner.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert "too many connections for role" in server.log.read_text()
    assert server.deposit("abc123", 2).status == 200
    assert server.withdraw("abc123", 2).status == 200


@pytest.mark.slow
def test_role_again_after_a_migration(migrated, role):
    given = {"APP_ROLE_PASSWORD": 'it\'s {a} "password" %s'}
    for _ in range(2):
        told = manage(migrated, "create_app_role", role, **given)
        assert given["APP_ROLE_PASSWORD"] not in told
    with psycopg.connect(migrated) as owner:
        owner.execute("CREATE TABLE later (id int GENERATED ALWAYS AS IDENTITY, x int)")
        [secret] = owner.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s", [role]
        ).fetchone()
        assert secret.startswith("SCRAM-SHA-256$")
    with psycopg.connect(make_conninfo(migrated, user=role)) as session:
        session.execute("INSERT INTO later (x) VALUES (1)")


@pytest.mark.slow
def test_role_refused_that_may_change_the_log_by_another_way(migrated, role):
    with psycopg.connect(migrated, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} NOINHERIT")
        for right, allowed, of in (
            ("UPDATE ON eventstore_event", "UPDATE", "PUBLIC"),
            ("UPDATE (type) ON eventstore_event", "UPDATE", "PUBLIC"),
            ("TRUNCATE, TRIGGER ON eventstore_event", "TRIGGER, TRUNCATE", "PUBLIC"),
            ("pg_write_all_data", "DELETE, UPDATE", role),
        ):
            owner.execute(f"GRANT {right} TO {of}")
            run = run_manage(migrated, "create_app_role", role)
            assert (run.returncode, run.stdout) == (1, "")
            assert run.stderr == (
                f"CommandError: Nothing was changed: {role} may {allowed} on the log, through"
                " PUBLIC or a role of which it is a member: revoke that right, or choose another"
                " name.\n"
            )
            owner.execute(f"REVOKE {right} FROM {of}")
            able = "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s"
            assert owner.execute(able, [role]).fetchone() == (False,)
    manage(migrated, "create_app_role", role)


@pytest.mark.django_db
def test_role_refused():
    owner = connection.settings_dict["USER"] or connection.connection.info.user
    for name, sentence in {
        "": "'' cannot be the role's name",
        'a"b': "cannot be the role's name",
        "a" * 64: "cannot be the role's name",
        owner: f"{owner} owns the log or is a superuser",
        "pg_monitor2": 'role name "pg_monitor2" is reserved',
    }.items():
        with pytest.raises(CommandError) as raised:
            call_command("create_app_role", name)
        assert sentence in str(raised.value)
        assert "\n" not in str(raised.value)
