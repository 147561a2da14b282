"""Statements that travel together are still one after the other, and all or nothing."""

import os
import signal
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    transaction,
)
from django.test.utils import CaptureQueriesContext

from cqrs_example.database import trips

from .bank.models import Account
from .racing import backend, until, waiting_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

INSERT = "INSERT INTO bank_account (account, amount, changed_at) VALUES (%s, %s, now())"
ONE_MORE = "UPDATE bank_account SET amount = amount + 1 WHERE account = %s"


def later(account, amount=1):
    connection.later(INSERT, [account, amount])


@contextmanager
def refused(error, match=None):
    """A transaction, or a savepoint, that ends with this error."""
    with pytest.raises(error, match=match), transaction.atomic():
        yield


def accounts():
    return sorted(Account.objects.values_list("account", flat=True))


def test_comes_with_commit():
    with transaction.atomic():
        later("a")
        later("b")
        connection.later(ONE_MORE, ["a"])
    assert dict(Account.objects.values_list("account", "amount")) == {"a": 2, "b": 1}


def test_comes_before_whoever_looks():
    with transaction.atomic():
        later("a")
        assert accounts() == ["a"]
        later("b")
        assert connection.send("SELECT account FROM bank_account ORDER BY 1", []) == [
            ("a",),
            ("b",),
        ]
        with connection.cursor() as cursor:
            later("c")
            cursor.execute("SELECT count(*) FROM bank_account")
            assert cursor.fetchone() == (3,)
        later("d")
        everything = "COPY bank_account TO STDOUT"
        with connection.cursor() as cursor, cursor.copy(everything) as copy:
            assert len(list(copy.rows())) == 4


def test_outside_a_transaction_it_is_done_at_once():
    later("a")
    with connection.copy().cursor() as cursor:
        cursor.execute("SELECT account FROM bank_account")
        assert cursor.fetchall() == [("a",)]
        cursor.db.close()
    connection.close()
    assert connection.send("SELECT %s::int", [7]) == [(7,)]


def test_transaction_that_is_rolled_back_takes_it_along():
    with refused(ZeroDivisionError):
        later("a")
        1 / 0  # noqa: B018
    with transaction.atomic():
        later("b")
    assert accounts() == ["b"]


def test_transaction_by_hand():
    transaction.set_autocommit(False)
    try:
        later("a")
        with pytest.raises(DatabaseError, match="INTRANS"):
            transaction.set_autocommit(True)
        transaction.rollback()
        later("b")
        transaction.commit()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert accounts() == ["b"]


def test_connection_lost_in_the_middle_of_a_transaction():
    """Whoever catches the error goes on with nothing, not with a new connection."""
    with refused(DatabaseError, match="connection"):
        later("a")
        connection.send("SELECT 1", [])
        with connection.copy().cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [backend()])
            cursor.db.close()
        with pytest.raises(OperationalError):
            connection.send("SELECT 1", [])
        later("b")
    assert accounts() == []


def test_savepoint_that_is_rolled_back_takes_its_own_along():
    with transaction.atomic():
        later("before")
        with refused(ZeroDivisionError):
            later("within")
            with pytest.raises(DatabaseError):
                connection.send("SELECT 1 / 0", [])
            1 / 0  # noqa: B018
        with refused(ZeroDivisionError):
            with pytest.raises(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
            later("within, too late")
            1 / 0  # noqa: B018
        later("after")
    assert accounts() == ["after", "before"]


def test_savepoint_at_whose_end_it_fails():
    with transaction.atomic():
        later("before")
        with refused(IntegrityError):
            later("within", -1)
        later("after")
    assert accounts() == ["after", "before"]


def test_commit_that_it_makes_fail():
    with refused(IntegrityError, match="not_negative"):
        later("a")
        later("b", -1)
        later("c")
    assert accounts() == []


def test_its_error_cannot_be_taken_for_that_of_another_statement():
    with refused(DatabaseError, match="aborted"):
        later("a", -1)
        with pytest.raises(IntegrityError):
            accounts()
        later("instead")
    assert accounts() == []


def test_commit_of_what_has_failed():
    """Postgres answers COMMIT with ROLLBACK, and psycopg does not look."""
    with refused(DatabaseError, match="rolled back"):
        connection.send(INSERT, ["a", 1])
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute(INSERT, ["b", -1])
    assert accounts() == []


def test_parameter_that_nothing_can_be_made_of_is_told_at_once():
    with refused(DatabaseError, match="adapt"):
        later(object())
    with refused(DatabaseError, match="NUL"):
        later("a\0b")
    for too_few_or_too_many in (["a"], ["a", 1, 2]):
        with transaction.atomic(), pytest.raises(ProgrammingError, match="2 places"):
            connection.later(INSERT, too_few_or_too_many)
    assert accounts() == []


def test_parameters_and_rows_are_those_of_a_cursor():
    sql = "SELECT %s::text, %s::int, %s::uuid, %s::timestamptz, %s::text, %s::int[], 7 %% 4"
    values = ["é'\\", 2**31 - 1, uuid4(), datetime.now(UTC), None, [1, 2]]
    assert connection.send(sql, values) == [(*values, 3)]
    assert connection.send("SELECT WHERE false", []) == []
    assert connection.send("SELECT format('<%%s>', %s::text)", ["x"]) == [("<x>",)]


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT %s < %s", [9, 10]),
        ("SELECT round(%s / 2, 1)", [Decimal(5)]),
        ("SELECT '[10, 20]'::jsonb -> %s", [1]),
        ("SELECT substring('abc' from %s)", [2]),
        ("SELECT %s::text", [True]),
        ("SELECT jsonb_build_object('n', %s)", [1.5]),
        ("SELECT date_trunc('day', %s)", [datetime(2026, 1, 2, 3, tzinfo=UTC)]),
    ],
)
def test_parameters_have_the_types_that_they_have_with_a_cursor(sql, values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        assert connection.send(sql, values) == cursor.fetchall()


def test_type_of_a_column_that_changed_under_a_prepared_statement():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE seen (at date, number int)")
        at = datetime(2020, 1, 2, 15, 30, tzinfo=UTC)
        connection.send("INSERT INTO seen VALUES (%s, %s)", [at, 1])
        cursor.execute("ALTER TABLE seen ALTER at TYPE timestamptz, ALTER number TYPE bigint")
        connection.send("INSERT INTO seen VALUES (%s, %s)", [at, 2**40])
        cursor.execute("SELECT at, number FROM seen ORDER BY number DESC LIMIT 1")
        assert cursor.fetchone() == (at, 2**40)
        cursor.execute("DROP TABLE seen")


def test_whoever_wraps_or_counts_statements_sees_it():
    seen = []

    def watch(execute, sql, *rest):
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(watch), transaction.atomic():
        later("a")
        connection.send("SELECT 1", [])
    assert seen == [INSERT, "SELECT 1"]
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        later("b")
    assert [query["sql"][:6] for query in captured] == ["BEGIN", "INSERT", "COMMIT"]


def test_much_in_both_directions_at_once():
    """More than sockets hold: whoever only sends and does not read meanwhile stands still."""
    text = "x" * 3_000_000
    with transaction.atomic():
        for _ in range(3):
            connection.later("SELECT %s::text", [text])
        assert connection.send("SELECT %s::text", [text]) == [(text,)]


def prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return cursor.fetchone()[0]


def test_each_statement_is_prepared_once_and_not_too_many():
    connection.close()
    for _ in range(3):
        later(str(uuid4()))
    with pytest.raises(IntegrityError):
        later("a", -1)
    assert prepared() == 0  # outside a transaction nothing has to travel together
    for _ in range(3):
        with transaction.atomic():
            later(str(uuid4()))
        with refused(IntegrityError):
            later("a", -1)
    assert prepared() == 3  # with BEGIN and COMMIT
    for number in range(trips.MOST_PREPARED + 20):
        assert connection.send(f"SELECT {number}", []) == [(number,)]
    assert prepared() == 20 + 3


def test_statement_that_always_fails_is_not_prepared_again_and_again():
    connection.close()
    for _ in range(10):
        with refused(IntegrityError):
            later("a", -1)
        with refused(ProgrammingError):
            connection.later("SELECT nothing", [])
        with refused(ProgrammingError):  # as if the table had changed
            connection.later(f"{ONE_MORE} AND changed_at = %s", ["a", 1.5])
        with refused(DatabaseError):
            connection.send("SELECT now()", [])
            connection.later("DO 'BEGIN RAISE feature_not_supported; END'", [])
    assert prepared() <= 5


def test_too_many_are_prepared_where_nothing_can_be_forgotten():
    connection.close()
    for number in range(trips.MOST_PREPARED - 1):
        connection.send(f"SELECT {number}", [])
    with refused(DatabaseError, match="aborted"):
        with pytest.raises(DataError):
            connection.send("SELECT 1 / 0", [])
        with pytest.raises(DatabaseError, match="aborted"):
            connection.send("SELECT 1", [])
        later("a")
    assert connection.send("SELECT 1", []) == [(1,)]
    assert prepared() <= trips.MOST_PREPARED


def test_commit_that_is_refused_leaves_the_connection():
    before = backend()
    connection.send("CREATE TEMP TABLE one (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)", [])
    with refused(IntegrityError):
        connection.send("INSERT INTO one VALUES (1), (1)", [])
    assert backend() == before
    connection.send("DROP TABLE one", [])


def test_rows_that_python_cannot_hold():
    with transaction.atomic():
        later("a")
        with pytest.raises(DataError):
            connection.send("SELECT 'infinity'::timestamptz", [])
    assert accounts() == ["a"]


def test_other_threads_have_connections_of_their_own():
    errors = []

    def other():
        try:
            mine.send("SELECT 1", [])
        except DatabaseError as error:
            errors.append(str(error))

    mine = connections["default"]
    with transaction.atomic():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "thread" in errors[0]


def test_statement_that_the_server_has_forgotten():
    """As behind a pooler that gives each transaction another server process."""
    assert connection.send("SELECT 1", []) == [(1,)]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with refused(DatabaseError, match="aborted"):
        with pytest.raises(DatabaseError, match="does not exist"):
            connection.send("SELECT 1", [])
        later("a")
    assert connection.send("SELECT 1", []) == [(1,)]


@pytest.fixture
def held():
    """The process that holds an advisory lock, 1."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(1), pg_backend_pid()")
        yield cursor.fetchone()[1]
    other.close()


def wait_for_lock():
    connection.send("SELECT pg_advisory_xact_lock(1)", [])


def wait_in_transaction():
    with transaction.atomic():
        later("a")
        wait_for_lock()


def when_it_waits(holder, act):
    """Do something to whoever waits, in a thread with a connection of its own."""

    def run():
        [waiter] = until(lambda: waiting_for(holder))
        act(waiter)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def terminate(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def interrupt(pid):
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("act", "raised", "wait"),
    [
        (terminate, OperationalError, wait_in_transaction),
        (interrupt, KeyboardInterrupt, wait_in_transaction),
        (interrupt, KeyboardInterrupt, wait_for_lock),
    ],
)
def test_interrupted_while_it_waits(held, act, raised, wait):
    before = backend()
    thread = when_it_waits(held, act)
    with pytest.raises(raised):
        wait()
    thread.join()
    assert accounts() == []
    with transaction.atomic():
        later("b")
    assert accounts() == ["b"]
    assert backend() != before
    assert not waiting_for(held)


def test_lock_that_takes_too_long(held):
    before = backend()
    with refused(OperationalError, match="lock timeout"):
        connection.send("SET LOCAL lock_timeout = 50", [])
        wait_for_lock()
    assert accounts() == []
    assert backend() == before
