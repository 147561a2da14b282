"""What is in the log stays as it is: the database refuses everything else, to its owner too."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from cqrs_example.eventstore import append, lock
from cqrs_example.eventstore.models import StoredEvent

from .bank.events import Deposited

pytestmark = pytest.mark.usefixtures("bank")


INSERT_AGAIN = """
    INSERT INTO eventstore_event SELECT * FROM eventstore_event
    ON CONFLICT (position) DO UPDATE SET version = 7
"""


@pytest.fixture
def logged(db, rows):
    with transaction.atomic():
        [stream] = lock("account-a")
        append(stream, [Deposited("a", 1, 1), Deposited("a", 1, 2)])
    return rows("SELECT * FROM eventstore_event ORDER BY position")


def sql(*statements):
    def attempt():
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return attempt


def save():
    event = StoredEvent.objects.first()
    event.data = {}
    event.save()


def bulk_update():
    events = list(StoredEvent.objects.all())
    StoredEvent.objects.bulk_update(events, ["data"])


@pytest.mark.parametrize(
    "attempt",
    [
        sql("UPDATE eventstore_event SET data = '{}'"),
        sql("UPDATE eventstore_event SET data = '{}' WHERE false"),
        sql("DELETE FROM eventstore_event"),
        sql("TRUNCATE eventstore_event"),
        sql("TRUNCATE eventstore_event CASCADE"),
        sql(INSERT_AGAIN),
        sql("SET LOCAL session_replication_role = replica", "DELETE FROM eventstore_event"),
        sql("SET LOCAL session_replication_role = replica", "TRUNCATE eventstore_event"),
        lambda: StoredEvent.objects.update(version=9),
        lambda: StoredEvent.objects.all().delete(),
        lambda: StoredEvent.objects.get(version=1).delete(),
        save,
        bulk_update,
    ],
)
def test_log_refuses_change(logged, rows, attempt):
    refused = pytest.raises(IntegrityError, match=r"The event log is append-only: .* is refused")
    with refused, transaction.atomic():
        attempt()
    assert rows("SELECT * FROM eventstore_event ORDER BY position") == logged


def test_log_migrates_back_and_forth(transactional_db, rows):
    functions = "SELECT count(*) FROM pg_proc WHERE proname = 'eventstore_refuse'"
    try:
        call_command("migrate", "eventstore", "zero", verbosity=0)
        assert rows(functions) == [(0,)]
    finally:
        call_command("migrate", verbosity=0)  # and what depends on it
    assert rows(functions) == [(1,)]
    with pytest.raises(IntegrityError):
        sql("TRUNCATE eventstore_event")()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", ["TRUNCATE eventstore_event", "DELETE FROM eventstore_event"])
def test_refusal_says_what_to_do_instead(statement):
    with pytest.raises(IntegrityError) as refused, connection.cursor() as cursor:
        cursor.execute(statement)
    hint = refused.value.__cause__.diag.message_hint
    assert "Correct a wrong event by a further one." in hint
    assert "TransactionTestCase" in hint
    assert hint in str(refused.value)
