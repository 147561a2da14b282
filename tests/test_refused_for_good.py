"""A connection that the server refuses each time is told as such, with what to do about it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, connections
from django.test import RequestFactory

from cqrs_example.health import readyz
from cqrs_example.http import unavailable
from cqrs_example.http.failures import AWAY, UNFIT
from cqrs_example.operations.checks import check_database
from dev.standby import primary

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """This thread's connection, with other settings."""
    ours = connections["default"]

    def connect(**changed: str) -> None:
        own: Any = connections.create_connection("default")
        own.settings_dict = {**ours.settings_dict, **changed}
        connections["default"] = own

    yield connect
    connections["default"].close()
    connections["default"] = ours


def answers() -> tuple[list[Any], int, str]:
    """What the start check finds, and what a request and a probe are answered."""
    found = check_database(["default"])
    request = RequestFactory().get("/")
    with pytest.raises(OperationalError) as failure:
        connection.ensure_connection()
    return found, unavailable(request, failure.value).status_code, readyz(request).content.decode()


def is_refused_for_good(remedy: str) -> None:
    [error], status, probe = answers()
    assert error.id == "operations.E005"
    assert remedy in error.msg
    assert (status, probe) == (500, UNFIT[0])


def test_no_such_database(elsewhere):
    elsewhere(NAME="nowhere")
    is_refused_for_good("names a database that the server does not have")


def test_no_such_role(elsewhere):
    elsewhere(USER="nobody_at_all")
    is_refused_for_good("names a role that cannot log in")


@pytest.fixture
def role(rows) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE shut_out")
        yield "shut_out"
        cursor.execute("DROP OWNED BY shut_out; DROP ROLE shut_out")


def test_role_that_may_not_log_in(elsewhere, role):
    elsewhere(USER=role)
    is_refused_for_good("names a role that cannot log in")


def test_role_that_may_not_connect(elsewhere, role):
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER ROLE {role} LOGIN; REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
        try:
            elsewhere(USER=role)
            is_refused_for_good("may not connect to that database: GRANT CONNECT")
        finally:
            cursor.execute(f"GRANT CONNECT ON DATABASE {name} TO PUBLIC")


def test_setting_that_the_server_does_not_know(elsewhere):
    options = {**connection.settings_dict["OPTIONS"], "options": "-c no_such_setting=1"}
    elsewhere(OPTIONS=options)
    is_refused_for_good("does not know a setting with which each session begins")


@pytest.mark.slow
def test_wrong_password_and_closed_door(elsewhere):
    with primary() as cluster:
        with psycopg.connect(cluster.url(), autocommit=True) as owner:
            owner.execute("CREATE ROLE clerk LOGIN PASSWORD 'right'")
            owner.execute("CREATE ROLE stranger LOGIN")
            (cluster.data / "pg_hba.conf").write_text(
                "local all postgres trust\nlocal all clerk scram-sha-256\n"
            )
            owner.execute("SELECT pg_reload_conf()")
        where = {"NAME": "warehouse", "HOST": str(cluster.sockets), "PORT": "5432"}
        elsewhere(**where, USER="clerk", PASSWORD="wrong")
        is_refused_for_good("The password in DATABASE_URL is missing or wrong")
        elsewhere(**where, USER="clerk", PASSWORD="")
        is_refused_for_good("The password in DATABASE_URL is missing or wrong")
        elsewhere(**where, USER="stranger", PASSWORD="")
        is_refused_for_good("pg_hba.conf does not let the role")


def test_server_that_is_not_there_may_come_back(elsewhere):
    elsewhere(HOST="127.0.0.1", PORT="1")
    [warning], status, probe = answers()
    assert warning.id == "operations.W001"
    assert (status, probe) == (AWAY[1], "The database does not answer.")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "damage",
    ["ALTER TABLE eventstore_event RENAME TO gone", "DROP TABLE subscriptions_checkpoint CASCADE"],
)
def test_table_that_is_gone_does_not_come_back(client, damage):
    with connection.cursor() as cursor:
        cursor.execute(damage)
    probe = client.get("/readyz")
    assert (probe.status_code, probe.content.decode()) == (503, UNFIT[0])
