"""The real stack for every test, of blocks and of slices: Postgres, gunicorn, HTTP."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from cqrs_example.eventstore import read_all

from .bank.serving import BankServer
from .heard import FORGET, IN_WORKERS, subscribe, until_working, workers
from .modes import runs_here
from .serving import PRODUCTION, Server, database_url
from .slices import is_installed, misspelt

S = TypeVar("S", bound=Server)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that needs slices (`@pytest.mark.slices("products")`) goes where one of them goes; and
    one that does not hold in a mode does not run in it."""
    needed = {item: slices_of(item) for item in items}
    if wrong := misspelt((item.nodeid, name) for item in items for name in needed[item]):
        raise pytest.UsageError(*wrong)
    gone = [item for item in items if not all(map(is_installed, needed[item]))]
    gone += [item for item in items if not runs_here(getattr(item, "originalname", ""))]
    items[:] = [item for item in items if item not in gone]
    config.hook.pytest_deselected(items=gone)


def slices_of(item: pytest.Item) -> list[str]:
    return sorted({name for mark in item.iter_markers("slices") for name in mark.args})


@pytest.fixture(scope="session", autouse=True)
def _tests_that_commit_end_empty() -> Iterator[None]:
    """Django's TRUNCATE takes 40 times as long, and makes permissions anew. The log refuses this:
    only the owner of the table can switch its trigger off, and nothing that could be set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test: empty_all_tables())
        yield


def empty_all_tables() -> None:
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    if IN_WORKERS:  # that go on
        kept.add("subscriptions_checkpoint")
    trigger = "TRIGGER eventstore_append_only"
    with transaction.atomic(), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - kept
        cursor.execute(
            f"{FORGET if IN_WORKERS else ''} ALTER TABLE eventstore_event DISABLE {trigger};"
            + "".join(f"DELETE FROM {connection.ops.quote_name(name)};" for name in sorted(tables))
            + "SET CONSTRAINTS ALL IMMEDIATE;"
            f"ALTER TABLE eventstore_event ENABLE ALWAYS {trigger}"
        )


@pytest.fixture
def bank(settings: Any) -> None:
    """The settings name the bank's events, projections, policies, addresses: see tests/bank."""
    for name, value in BankServer.wiring.items():
        setattr(settings, name, value)


@pytest.fixture(autouse=True)
def _bank_before_all_else(request: pytest.FixtureRequest) -> None:
    """Before any other fixture of the test, which may record events already."""
    if "bank" in request.fixturenames:
        request.getfixturevalue("bank")


@pytest.fixture(scope="session")
def _gunicorn(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    yield from _serving(Server, django_db_blocker)


@pytest.fixture(scope="session")
def bank_server(django_db_setup: None, django_db_blocker: Any) -> Iterator[BankServer]:
    """gunicorn that serves the bank, for fixtures of a longer life than a test's."""
    yield from _serving(BankServer, django_db_blocker)


@pytest.fixture(scope="session")
def closed_warehouse(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    """gunicorn as in production: everybody is asked to log in."""
    yield from _serving(Server, django_db_blocker, **PRODUCTION)


@pytest.fixture(scope="session")
def closed_bank(django_db_setup: None, django_db_blocker: Any) -> Iterator[BankServer]:
    yield from _serving(BankServer, django_db_blocker, **PRODUCTION)


def _serving(kind: type[S], django_db_blocker: Any, **environment: str) -> Iterator[S]:
    with django_db_blocker.unblock():
        subscribe(**kind.wiring)
        server = kind({"DATABASE_URL": database_url(), "DEBUG": "1", **environment})
    with workers(server):
        yield server
    server.stop()


@pytest.fixture
def server(request: pytest.FixtureRequest, transactional_db: None) -> Server:
    """gunicorn on the test database, which is empty at the start of each test: of the bank where
    the test has the fixture `bank`, else of the warehouse. In persisted_async with workers."""
    name = "bank_server" if "bank" in request.fixturenames else "_gunicorn"
    found: Server = request.getfixturevalue(name)
    subscribe(**found.wiring)
    until_working()
    return found


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
        " WHERE table_name ~ '^(eventstore|warehouse|bank)_' ORDER BY 1"
    )
    return lambda: {name: rows(f"SELECT * FROM {name} ORDER BY 1") for (name,) in rows(tables)}
