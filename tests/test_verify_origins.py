"""Events whose ids, causes or times are not those that commands record are found by `verify`."""

import pytest
from django.db import connection

from cqrs_example.eventstore import last_event

from .bank.events import account_stream, warning_stream
from .test_verify import damaged, finds, log, verify  # noqa: F401 (fixtures of this module too)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

SECOND = "UPDATE eventstore_event SET {} WHERE stream = 'account-a' AND version = 2"
WARNING = "UPDATE eventstore_event SET {} WHERE stream LIKE 'warning%%' OR stream LIKE 'low%%'"
ANOTHER = "(SELECT {} FROM eventstore_event AS other WHERE stream = 'account-b')"


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("id = gen_random_uuid()", "does not have the id of event 1 of its command"),
        (
            "metadata = jsonb_set(metadata, '{command,id}', '\"nothing\"')",
            "does not have the id of event 1 of its command nothing",
        ),
        (
            "causation_id = gen_random_uuid()",
            "names a cause that is neither its command nor an event before it",
        ),
        (f"causation_id = {ANOTHER.format('id')}", "does not have the correlation id of its cause"),
        (
            f"causation_id = {ANOTHER.format('id')},"
            f" correlation_id = {ANOTHER.format('correlation_id')}",
            "was not caused by",
        ),
        ("recorded_at = now() + interval '1 day'", "is recorded in the future"),
        ("recorded_at = '2001-01-01Z'", "before the one before it in account-a"),
        ("occurred_at = now() + interval '1 day'", "after it was recorded"),
        ("recorded_at = 'infinity'", "is recorded at a time that cannot be read: infinity"),
        ("occurred_at = '-infinity'", "occurred at a time that cannot be read: -infinity"),
        ("occurred_at = '0044-03-15Z BC'", "occurred at a time that cannot be read: 0044-03-15"),
    ],
)
def test_event_that_is_not_as_its_command_records_it(damaged, damage, finding):  # noqa: F811
    event = last_event(account_stream("a"))
    assert event.version == 3
    damaged(SECOND.format(damage))
    told = finds()
    assert any(finding in line for line in told), told


def test_event_of_a_policy_with_a_cause_of_its_own_command(damaged):  # noqa: F811
    warning = last_event(warning_stream("a"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM eventstore_event WHERE stream = 'account-a' AND version = 2")
        [other] = cursor.fetchone()
    damaged(
        f"UPDATE eventstore_event SET causation_id = '{other}', correlation_id ="
        f" (SELECT correlation_id FROM eventstore_event WHERE id = '{other}')"
        f" WHERE id = '{warning.id}'"
    )
    told = finds()
    at = f"  event {warning.id} at position {warning.position}"
    assert f"{at} was not caused by {other}: its command's id is not made of that" in told


def test_position_that_is_there_twice(damaged):  # noqa: F811
    take, put = "DROP CONSTRAINT eventstore_event_pkey", "ADD PRIMARY KEY (position)"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE eventstore_event {take}")
        try:
            damaged(SECOND.format("position = (SELECT min(position) FROM eventstore_event)"))
            told = finds()
            damaged("DELETE FROM eventstore_event")
        finally:
            cursor.execute(f"ALTER TABLE eventstore_event {put}")
    assert any(line.endswith("is there 2 times") for line in told)
    assert any("Nothing keeps (position) of eventstore_event unique" in line for line in told)
