"""What is in the log stays as it is: the database refuses everything else, to its owner too."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from cqrs_example.eventstore import StreamName, UnreadableEvent, append, lock, read
from cqrs_example.eventstore.models import StoredEvent

from .bank.events import AccountEvent, Deposited

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
@pytest.mark.parametrize(
    ("statement", "remedy", "other"),
    [
        ("TRUNCATE eventstore_event", "TransactionTestCase", "further one"),
        ("DELETE FROM eventstore_event", "by a further one. What is personal is", "TRUNCATE"),
        ("UPDATE eventstore_event SET version = 1", "Correct a wrong event by a furt", "TRUNCATE"),
    ],
)
def test_refusal_says_what_to_do_instead(statement, remedy, other):
    with pytest.raises(IntegrityError) as refused, connection.cursor() as cursor:
        cursor.execute(statement)
    hint = refused.value.__cause__.diag.message_hint
    assert (remedy in hint, other in hint) == (True, False)
    assert hint in str(refused.value)


MOMENT = """
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data, correlation_id,
        causation_id, metadata, recorded_at, occurred_at)
    SELECT gen_random_uuid(), stream, 3, type, schema_version, data, correlation_id,
        causation_id, metadata, {}, {} FROM eventstore_event WHERE version = 1
"""
TIMES = ["infinity", "-infinity", "10000-01-01 UTC", "0001-01-01 BC UTC", "9999-12-31 12:00 UTC"]


@pytest.mark.parametrize("time", TIMES)
def test_time_that_python_does_not_know_is_refused(logged, time):
    for columns in ((f"'{time}'", "now()"), ("now()", f"'{time}'")):
        with pytest.raises(IntegrityError, match="eventstore_moments"), transaction.atomic():
            sql(MOMENT.format(*columns))()


@pytest.mark.parametrize("time", TIMES[:-1])
def test_time_from_before_it_was_refused(logged, client, django_user_model, time):
    """Its stream can be read; its time cannot, and no page ends in an error."""
    sql("ALTER TABLE eventstore_event DROP CONSTRAINT eventstore_moments")()
    sql(MOMENT.format("now()", f"'{time}'"))()
    [position] = StoredEvent.objects.filter(version=3).values_list("position", flat=True)
    *_, last = read(StreamName[AccountEvent]("account-a"))
    assert last.data == Deposited("a", 1, 1)
    with pytest.raises(UnreadableEvent, match="is none that Python can hold"):
        _ = last.occurred_at
    client.force_login(django_user_model.objects.create_superuser("boss"))
    admin = "/admin/eventstore/storedevent/"
    for page in ("", f"{position}/change/", "stream/?name=account-a", "overview/", "?q=account-a"):
        assert client.get(admin + page).status_code == 200, page
