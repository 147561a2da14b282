"""Poolers and standbys between the application and its database: nothing is lost, or refused."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from psycopg.conninfo import make_conninfo

from cqrs_example.eventstore import StreamName, lock
from cqrs_example.eventstore.log import APPEND_LOCK
from cqrs_example.messaging import execute
from cqrs_example.operations.asking import faults
from cqrs_example.operations.processes import leading
from cqrs_example.operations.requirements import MADE_BY
from dev.cluster import Cluster
from dev.pooler import Pooler, pgbouncer
from dev.standby import primary, streaming_standby

from .bank.commands import Deposit, deposit
from .bank.models import Account
from .bank.serving import BankServer
from .conftest import ROOT, database_url
from .databases import own_database, url
from .racing import all_at_once, until
from .test_operations import run_manage

needs_pgbouncer = pytest.mark.skipif(
    not shutil.which("pgbouncer"), reason="Debian's package pgbouncer is not installed."
)
pytestmark = pytest.mark.usefixtures("bank")

MIGRATIONS = "cqrs_example.eventstore.migrations"
LATEST: Any = import_module(f"{MIGRATIONS}.{MADE_BY}")
LOCKING: str = LATEST.LOCK.format(lock="eventstore_lock", log="eventstore_event")
UNLOCKED = LOCKING.replace("pg_catalog.pg_advisory_xact_lock(key)", "key")
TRANSACTION: dict[str, Any] = {"pool_mode": "transaction", "default_pool_size": 3}


@pytest.fixture
def pooler(transactional_db: None) -> Iterator[Pooler]:
    with pgbouncer(database_url(), **TRANSACTION) as one:
        yield one


@pytest.fixture
def _limits_of_the_role(transactional_db: None) -> Iterator[None]:
    """As `create_app_role` sets them, but for the database, as the tests have one role."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    limits = ("statement_timeout = '10s'", "idle_in_transaction_session_timeout = '15s'")
    with connection.cursor() as cursor:
        for limit in limits:
            cursor.execute(f"ALTER DATABASE {name} SET {limit}")
        yield
        cursor.execute(f"ALTER DATABASE {name} RESET ALL")


@pytest.mark.slow
@needs_pgbouncer
@pytest.mark.parametrize("command", [["verify"], ["verify", "accounts"], ["rebuild", "accounts"]])
def test_long_work_through_a_pooler_is_refused_and_leaves_nothing(pooler, server, command):
    assert server.deposit("abc123", 1).status == 200
    run = run_manage(pooler.url, *command, DATABASE_POOLER="1")
    assert run.returncode == 1
    assert "This session is a pooler's" in run.stdout
    assert "name Postgres itself in DATABASE_URL" in run.stdout
    with psycopg.connect(pooler.url) as session:
        left = session.execute(
            "SELECT (SELECT count(*) FROM pg_class WHERE relpersistence = 't'),"
            " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())),"
            " current_setting('enable_sort')"
        ).fetchone()
    assert left == (0, 0, "on")


@pytest.mark.slow
@needs_pgbouncer
@pytest.mark.parametrize("command", ["run_subscriptions", "relay"])
def test_workers_through_a_pooler_are_refused(pooler, command):
    """Whose lock it is that lets one of them lead, nobody could say."""
    mode = {"DJANGO_SETTINGS_MODULE": "cqrs_example.settings.persisted_async"}
    mode["BROKER_URL"] = "amqp://127.0.0.1:1"
    run = run_manage(pooler.url, command, DATABASE_POOLER="1", **mode)
    assert run.returncode == 1
    assert "This session is a pooler's" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.slow
@needs_pgbouncer
def test_session_pooling_is_refused_for_long_work_too(transactional_db):
    with pgbouncer(database_url(), pool_mode="session") as one:
        run = run_manage(one.url, "verify", DATABASE_POOLER="1")
    assert (run.returncode, "This session is a pooler's" in run.stdout) == (1, True)


@pytest.mark.slow
@needs_pgbouncer
@pytest.mark.usefixtures("_limits_of_the_role")
def test_commands_raced_through_a_pooler(pooler, rows):
    through = BankServer({"DATABASE_URL": pooler.url, "DATABASE_POOLER": "1", "DEBUG": "1"})
    try:
        tasks = [lambda n=n: through.deposit(f"p{n % 3}", 1).status for n in range(60)]
        assert all_at_once(tasks[:30]) + all_at_once(tasks[30:]) == [200] * 60
        assert all_at_once([lambda: through.withdraw("p0", 1).status] * 30).count(200) == 20
        assert through.balances() == {"p0": 0, "p1": 20, "p2": 20}
        for path in ("/", "/low_balances", "/accounts/p0", "/admin/"):
            assert through("GET", path, Accept="text/html").status in (200, 302)
    finally:
        through.stop()
    assert rows("SELECT count(DISTINCT (stream, version)), count(*) FROM eventstore_event")
    call_command("verify", stdout=StringIO())


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", "cqrs_example.wsgi", "--bind", "127.0.0.1:0"],
        cwd=ROOT,
        env={**os.environ, "DEBUG": "1", **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.slow
@needs_pgbouncer
@pytest.mark.parametrize(
    ("options", "environment", "sentence"),
    [
        ({}, {}, "set DATABASE_POOLER=1"),
        ({"ignore_startup_parameters": "options"}, {}, "set DATABASE_POOLER=1"),
        ({}, {"DATABASE_POOLER": "1"}, "statement_timeout and idle_in_transaction_session_timeout"),
    ],
)
def test_server_behind_a_pooler_that_is_not_set_up(
    transactional_db, options, environment, sentence
):
    with pgbouncer(database_url(), **TRANSACTION, **options) as one:
        run = start(DATABASE_URL=one.url, **environment)
    assert run.returncode == 1
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr


@pytest.fixture
def pooled_by_django(transactional_db: None) -> Iterator[None]:
    """This thread's connection comes from Django's own pool."""
    ours = connections["default"]
    own: Any = connections.create_connection("default")
    own.settings_dict = {
        **ours.settings_dict,
        "CONN_MAX_AGE": 0,
        "OPTIONS": {**ours.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 2}},
    }
    connections["default"] = own
    yield
    connections["default"] = ours
    own.close()
    own.close_pool()


def test_the_lead_of_a_worker_ends_in_a_process_with_a_pool(pooled_by_django):
    """In a session of the pool the lock would stay, and nobody could lead any more."""
    with leading("accounts") as leads:
        assert leads
    with connection.cursor() as cursor:
        held = "SELECT count(*) FROM pg_locks WHERE classid = hashtext('subscription')::oid"
        until(lambda: cursor.execute(held).fetchone() == (0,))


@pytest.mark.slow
def test_long_work_in_a_process_with_a_pool(pooled_by_django, rows):
    for nth in range(3):
        execute(deposit, Deposit(f"a{nth}", 1))
        call_command("verify", stdout=StringIO())
        call_command("rebuild", all=True, stdout=StringIO())
        execute(deposit, Deposit(f"b{nth}", 1))
        assert rows("SELECT current_setting('enable_sort')") == [("on",)]
    assert Account.objects.count() == 6


@pytest.mark.parametrize("command", ["verify", "rebuild"])
def test_long_work_inside_a_transaction_is_refused(transactional_db, command):
    out = StringIO()
    with transaction.atomic(), pytest.raises(CommandError):
        call_command(command, "accounts", stdout=out)
    assert "outside transaction.atomic()" in out.getvalue()


@pytest.fixture(scope="module")
def own_server() -> Iterator[Cluster]:
    with primary("max_prepared_transactions=5") as cluster:
        done = run_manage(cluster.url(), "migrate", "-v", "0")
        assert done.returncode == 0, done.stderr
        yield cluster


@pytest.mark.slow
def test_standby_is_refused(own_server):
    with streaming_standby(own_server) as cluster:
        standby = cluster.url()
        for command in (["events", "tail"], ["verify"], ["rebuild", "--all"]):
            run = run_manage(standby, *command)
            assert run.returncode == 1
            assert "standby" in run.stdout + run.stderr
            assert "Traceback" not in run.stderr
        run = start(DATABASE_URL=standby)
        assert (run.returncode, "This server is a standby" in run.stderr) == (1, True)
        read = "from cqrs_example.eventstore import read_all; list(read_all())"
        run = run_manage(standby, "shell", "-v", "0", "-c", read)
        assert "Read the log on the primary, not on a standby" in run.stderr


@pytest.mark.slow
def test_prepared_transaction_is_waited_for(own_server):
    """Of a prepared transaction no process is known; its lock counts all the same."""
    with psycopg.connect(own_server.url(), autocommit=True) as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", APPEND_LOCK)
        other.execute("PREPARE TRANSACTION 'away'")
        with subprocess.Popen(
            [sys.executable, "manage.py", "events", "tail"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": own_server.url()},
            stderr=subprocess.PIPE,
            text=True,
        ) as tail:
            assert "a transaction that writes to the log and does not end" in tail.stderr.readline()
            other.execute("COMMIT PREPARED 'away'")
    assert tail.returncode == 0


def test_ready_follows_a_switch_to_read_only(server, rows):
    assert server("GET", "/readyz").status == 200
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    # Waits until they have ended: one that still lived would be lost in the middle of a request.
    others = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        cursor.execute(others)
    try:
        answer = server("GET", "/readyz")
        assert (answer.status, answer.text) == (503, "The database is not fit: the log says why.")
        assert "default_transaction_read_only is on" in server.log.read_text()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            cursor.execute(others)
    assert server("GET", "/readyz").status == 200


@pytest.mark.parametrize(
    ("damage", "repair", "sentence"),
    [
        (
            "ALTER TABLE eventstore_event DISABLE TRIGGER eventstore_append_only",
            "ALTER TABLE eventstore_event ENABLE ALWAYS TRIGGER eventstore_append_only",
            "The trigger eventstore_append_only",
        ),
        (
            "ALTER TABLE eventstore_event ENABLE TRIGGER eventstore_append_only",
            "ALTER TABLE eventstore_event ENABLE ALWAYS TRIGGER eventstore_append_only",
            "The trigger eventstore_append_only",
        ),
        (
            "ALTER TABLE eventstore_event DROP CONSTRAINT eventstore_event_id",
            "ALTER TABLE eventstore_event ADD CONSTRAINT eventstore_event_id UNIQUE (id)",
            "Nothing keeps (id) of eventstore_event unique",
        ),
        (
            "ALTER TABLE eventstore_event DROP CONSTRAINT eventstore_version",
            "ALTER TABLE eventstore_event ADD CONSTRAINT eventstore_version"
            " UNIQUE (stream, version)",
            "Nothing keeps (stream, version) of eventstore_event unique",
        ),
        (
            "ALTER TABLE eventstore_event SET UNLOGGED",
            "ALTER TABLE eventstore_event SET LOGGED",
            "not logged",
        ),
        (
            "CREATE RULE lose AS ON INSERT TO eventstore_event DO INSTEAD NOTHING",
            "DROP RULE lose ON eventstore_event",
            "under a rule",
        ),
        (
            "ALTER TABLE eventstore_event DROP CONSTRAINT eventstore_moments",
            LATEST.MOMENTS.format(log="eventstore_event"),
            "times can be recorded that no page can show",
        ),
        (
            "ALTER TABLE eventstore_event ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE eventstore_event DISABLE ROW LEVEL SECURITY",
            "under row security",
        ),
        (
            "ALTER SEQUENCE eventstore_event_position_seq CACHE 10",
            "ALTER SEQUENCE eventstore_event_position_seq CACHE 1",
            "handed out 10 at a time",
        ),
        (
            "ALTER SEQUENCE eventstore_event_position_seq CYCLE",
            "ALTER SEQUENCE eventstore_event_position_seq NO CYCLE",
            "do not always increase",
        ),
        (
            "ALTER TABLE eventstore_event ALTER position DROP IDENTITY",
            "ALTER TABLE eventstore_event ALTER position ADD GENERATED BY DEFAULT AS IDENTITY",
            "are given by no sequence",
        ),
        (
            "ALTER SEQUENCE eventstore_event_position_seq MAXVALUE 1000000",
            "ALTER SEQUENCE eventstore_event_position_seq NO MAXVALUE",
            "end at 1000000",
        ),
        (
            "CREATE TABLE child () INHERITS (eventstore_event)",
            "DROP TABLE child",
            "inherited from",
        ),
        (
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER swallow BEFORE INSERT ON eventstore_event"
            " FOR EACH ROW EXECUTE FUNCTION swallow()",
            "DROP FUNCTION swallow CASCADE",
            "The trigger swallow can change an event",
        ),
        (
            "ALTER TABLE eventstore_event ALTER stream TYPE varchar(300)",
            'ALTER TABLE eventstore_event ALTER stream TYPE text COLLATE "C"',
            "made (stream), so",
        ),
        (
            "ALTER TABLE eventstore_event ALTER causation_id DROP NOT NULL,"
            " ALTER occurred_at DROP NOT NULL",
            "ALTER TABLE eventstore_event ALTER causation_id SET NOT NULL,"
            " ALTER occurred_at SET NOT NULL",
            "made (causation_id, occurred_at), so",
        ),
    ],
)
def test_log_that_is_not_as_it_was_made(db, damage, repair, sentence):
    assert faults() == []
    with connection.cursor() as cursor:
        cursor.execute(damage)
        fault, *_ = faults()  # an unlogged table has an unlogged sequence
        assert sentence in fault.sentence
        cursor.execute(repair)
    assert faults() == []


def test_function_of_the_trigger_that_does_nothing(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION eventstore_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NULL; END $$"
        )
    assert [fault.id for fault in faults()] == ["operations.E023"]


@pytest.mark.parametrize(
    "change",
    [
        LOCKING.replace("append1, append2", "append1 + pg_backend_pid(), append2"),
        LOCKING.replace("VOLATILE", "STABLE"),
        LOCKING.replace("VOLATILE", "VOLATILE SECURITY DEFINER"),
        "CREATE SCHEMA before; SET LOCAL search_path = before, public; "
        + UNLOCKED.replace("eventstore_lock", "before.eventstore_lock"),
        "DROP FUNCTION eventstore_lock",
    ],
)
def test_lock_that_is_another_function(db, change):
    with connection.cursor() as cursor:
        cursor.execute(change)
        [fault] = faults()
        cursor.execute("SET LOCAL search_path = public")
    assert fault.sentence.startswith("The function eventstore_lock is ")


def test_function_that_takes_an_integer_instead(transactional_db):
    """It would be preferred wherever a call gives an integer where Postgres's own takes a bigint:
    here each stream would have another key each time, and no two commands would wait."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE SCHEMA other; CREATE FUNCTION other.hashtextextended(text, int)"
                " RETURNS bigint LANGUAGE sql AS 'SELECT (random() * 1e9)::bigint';"
                "SET search_path = public, other"
            )
        with transaction.atomic():
            lock(StreamName("account-a"))
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
                    " AND (classid::bigint << 32) | objid::bigint ="
                    " pg_catalog.hashtextextended('account-a', 0::bigint)"
                )
                assert cursor.fetchone() == (1,)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = public; DROP SCHEMA other CASCADE")
        connection.close()


def test_functions_before_those_of_postgres(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = public, pg_catalog")
        [fault] = faults()
        cursor.execute("SET LOCAL search_path = public")
    assert "search_path has pg_catalog after public" in fault.sentence


def test_log_before_the_migration_that_makes_what_is_asked_for(db):
    """`migrate` asks before it migrates, and would be refused."""
    LATEST.unmake(None, SimpleNamespace(connection=connection))
    missing = ["operations.E023", "operations.E026", "operations.E028"]
    assert [fault.id for fault in faults()] == missing
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name = %s", [MADE_BY])
    assert faults() == []


@pytest.mark.slow
def test_log_that_was_copied_in(transactional_db, server, rows):
    """COPY, or logical replication, takes rows along but no sequence."""
    assert server.deposit("abc123", 1).status == 200
    [(last,)] = rows("SELECT last_value FROM eventstore_event_position_seq")
    rows("SELECT setval('eventstore_event_position_seq', 1, false)")
    try:
        answer = server("GET", "/readyz")
        assert answer.status == 503
        assert f"the sequence is at 0, but the log at {last}" in server.log.read_text()
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("verify", stdout=out)
        assert "SELECT setval(pg_get_serial_sequence(" in out.getvalue()
        with pytest.raises(CommandError):
            call_command("rebuild", "accounts", stdout=out)
        run = start(DATABASE_URL=database_url())
        assert (run.returncode, "SELECT setval(" in run.stderr) == (1, True)
    finally:
        rows("SELECT setval('eventstore_event_position_seq', %s)", last)
    assert server("GET", "/readyz").status == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DateStyle", "'German, DMY'"),
        ("IntervalStyle", "iso_8601"),
        ("TimeZone", "'Asia/Tokyo'"),
        ("default_transaction_isolation", "'repeatable read'"),
    ],
)
def test_settings_of_the_database_that_the_code_does_not_rely_on(transactional_db, setting, value):
    """They are set for each session of ours."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET {setting} = {value}")
    server = BankServer({"DATABASE_URL": database_url(), "DEBUG": "1"})
    try:
        assert server.deposit("abc123", 1).status == 200
        assert server("GET", "/accounts/abc123", Accept="text/html").status == 200
        for command in (["verify"], ["rebuild", "--all"], ["events", "tail"]):
            run = run_manage(database_url(), *command)
            assert run.returncode == 0, run.stderr + run.stdout
    finally:
        server.stop()
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} RESET {setting}")


def test_settings_that_something_between_took_away(db):
    with connection.cursor() as cursor:
        cursor.execute("SET DateStyle = 'German'")
        cursor.execute("SET default_transaction_isolation = 'serializable'")
        cursor.execute("SET default_transaction_read_only = on")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET TimeZone = 'Asia/Tokyo'")
    wrong = {fault.id for fault in faults()}
    connection.close()
    names = ("E011", "E012", "E014", "E019", "E027")
    assert wrong == {f"operations.{name}" for name in names}


def test_styles_that_cannot_be_read_back(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL IntervalStyle = 'sql_standard'")
    assert [fault.sentence[:31] for fault in faults()] == ["IntervalStyle is sql_standard, "]


@pytest.mark.slow
def test_database_in_another_encoding(own_server):
    with psycopg.connect(own_server.url(), autocommit=True) as owner:
        owner.execute(
            "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc"
            " TEMPLATE template0"
        )
    url = make_conninfo(own_server.url(), dbname="ascii")
    run = run_manage(url, "check", "--database", "default")
    assert (run.returncode, "Only UTF8 can" in run.stderr) == (1, True)
    run = start(DATABASE_URL=url)
    assert (run.returncode, "Only UTF8 can" in run.stderr) == (1, True)


def test_search_path_that_does_not_lead_to_the_log(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere")
        cursor.execute("SET LOCAL search_path = elsewhere")
        [fault] = faults()
        cursor.execute("SET LOCAL search_path = public")
    assert fault.sentence.startswith("The log is in the schema public")


def test_limits_are_asked_of_web_processes_alone(db, monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
    assert faults() == []
    monkeypatch.setenv("WEB_PROCESS", "1")
    assert [fault.id for fault in faults()] == ["operations.E016"]


@pytest.fixture
def role(db_of_its_own: str) -> Iterator[str]:
    name = f"app_{uuid4().hex[:12]}"
    yield name
    with psycopg.connect(db_of_its_own, autocommit=True) as owner:
        owner.execute(f"DROP OWNED BY {name}")
        owner.execute(f"DROP ROLE {name}")


@pytest.fixture
def db_of_its_own(django_db_setup: None) -> Iterator[str]:
    with own_database() as name:
        yield url(name)


@pytest.mark.slow
def test_role_for_tables_in_another_schema(db_of_its_own, role):
    with psycopg.connect(db_of_its_own, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA of_its_own")
    there = make_conninfo(db_of_its_own, options="-c search_path=of_its_own")
    assert run_manage(there, "migrate", "-v", "0").returncode == 0
    as_role = run_manage(there, "create_app_role", role).stdout.strip()
    server = BankServer({"DATABASE_URL": as_role, "DEBUG": "1"})
    try:
        assert server.deposit("abc123", 10).status == 200
    finally:
        server.stop()
    assert run_manage(as_role, "verify").returncode == 0
    with psycopg.connect(as_role) as session:
        for name, value in {"statement_timeout": "10s", "search_path": "of_its_own"}.items():
            assert session.execute(f"SHOW {name}").fetchone() == (value,)


@pytest.mark.slow
def test_role_that_may_create_in_the_schema_is_refused(db_of_its_own, role):
    """As in a database of before Postgres 15, whose schema is somebody else's."""
    assert run_manage(db_of_its_own, "migrate", "-v", "0").returncode == 0
    as_role = run_manage(db_of_its_own, "create_app_role", role).stdout.strip()
    with psycopg.connect(db_of_its_own, autocommit=True) as owner:
        other = f"{role}_group"
        owner.execute(f"CREATE ROLE {other}")
        owner.execute(f"GRANT CREATE ON SCHEMA public TO {other}")
        owner.execute(f"GRANT {other} TO {role}")
        try:
            again = run_manage(db_of_its_own, "create_app_role", role)
            assert f"{role} may CREATE in the schema public" in again.stderr
            run = start(DATABASE_URL=as_role)
            assert (run.returncode, "may CREATE in the schema public" in run.stderr) == (1, True)
        finally:
            owner.execute(f"DROP OWNED BY {other}")
            owner.execute(f"DROP ROLE {other}")
