"""How often a command waits for the database: each time costs more than all of the Python."""

import re
from pathlib import Path
from select import select

import pytest
from django.db import connection

from cqrs_example.messaging import DomainError, execute

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .racing import backend

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


@pytest.fixture
def traced(tmp_path: Path):
    """`traced(function, …)`: what libpq and the server said to one another meanwhile."""

    def run(function, *arguments):
        path = tmp_path / "trace"
        with path.open("w") as file:
            connection.connection.pgconn.trace(file.fileno())
            try:
                function(*arguments)
            finally:
                connection.connection.pgconn.untrace()
        return path.read_text()

    execute(deposit, Deposit("abc", 100))
    return run


def round_trips(trace):
    return len(re.findall(r"\bReadyForQuery\b", trace))


def test_deposit(traced):
    trace = traced(execute, deposit, Deposit("abc", 1))
    assert round_trips(trace) == 2  # BEGIN and the locks; all that is written, and COMMIT
    assert "SAVEPOINT" not in trace
    assert "COMMIT" in trace
    assert "Parse" not in trace  # all of it was prepared by the first command


def test_withdraw(traced):
    trace = traced(execute, withdraw, Withdraw("abc", 1))
    assert round_trips(trace) == 2  # two read models now
    assert "SAVEPOINT" not in trace


def test_withdrawal_that_warns(traced):
    trace = traced(execute, withdraw, Withdraw("abc", 97))
    # BEGIN and the locks; what had waited; the ORM's to-do item; the lock of the command that the
    # policy issues; its event; the item that is ticked off; COMMIT.
    assert round_trips(trace) == 7
    assert "SAVEPOINT" not in trace


def test_refused_command_forgets_nothing(traced):
    execute(withdraw, Withdraw("abc", 1))
    with pytest.raises(DomainError):
        execute(withdraw, Withdraw("abc", 1000))
    assert "Parse" not in traced(execute, withdraw, Withdraw("abc", 1))


def test_living_connection_is_not_asked_whether_it_is_alive(traced):
    assert round_trips(traced(lambda: connection.is_usable() or pytest.fail("It is alive."))) == 0


def test_connection_that_the_server_has_ended_is_not_usable():
    pid = backend()
    with connection.copy().cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
        assert cursor.fetchone() == (True,)
        cursor.db.close()
    assert not connection.is_usable()
    connection.close()


def test_connection_that_was_told_something_is_asked(traced):
    with connection.cursor() as cursor:
        cursor.execute("LISTEN news")
    with connection.copy().cursor() as cursor:
        cursor.execute("NOTIFY news")
        cursor.db.close()
    select([connection.connection], [], [])  # it comes by itself, when the server gets to it
    assert round_trips(traced(lambda: connection.is_usable() or pytest.fail("It is alive."))) == 1
