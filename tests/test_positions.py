"""Which position an event has is the database's to say, whoever inserts it."""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from cqrs_example.eventstore import append, lock, read_all
from warehouse.events import ProductQuantityIncreased, product_stream

from .databases import url

INSERT = """
    INSERT INTO eventstore_event (position, id, stream, version, type, schema_version, data,
        correlation_id, causation_id, metadata, recorded_at, occurred_at)
    SELECT position, gen_random_uuid(), %s, version, 'test.Any', 1, '{}', gen_random_uuid(),
        gen_random_uuid(), '{}', now(), now()
    FROM unnest(%s::bigint[], %s::int[]) AS added (position, version)
"""
NEXT = "SELECT nextval('eventstore_event_position_seq') FROM generate_series(1, %s)"


@pytest.fixture
def positions(db, rows):
    """Five that the sequence has handed out."""
    return [position for (position,) in rows(NEXT, 5)]


def insert(stream, positions, versions):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, [stream, positions, versions])


def test_positions_that_were_reserved_are_taken(positions):
    insert("a", positions[1:3], [1, 2])
    insert("a", positions[4:], [3])
    insert("b", positions[:1], [1])  # another stream may be below: it was reserved earlier


@pytest.mark.parametrize(
    ("stream", "chosen", "versions"),
    [
        ("b", [2**63 - 2], [1]),
        ("b", [1_000], [1]),
        ("a", [0], [3]),
        ("a", [4, 3], [3, 4]),
        ("b", [0, 1_000], [1, 2]),
        ("a", [-1_000], [3]),
        ("c", [3, 0], [1, 2]),
    ],
)
def test_positions_that_were_chosen_are_refused(positions, rows, stream, chosen, versions):
    """Counted from the first of the fixture's; the stream a has versions at 1 and 2."""
    insert("a", positions[1:3], [1, 2])
    before = rows("SELECT * FROM eventstore_event")
    wanted = [one if one > 2**62 else positions[0] + one for one in chosen]
    with pytest.raises(IntegrityError, match=r"Position -?\d+ for version \d of . is refused"):
        insert(stream, wanted, versions)
    assert rows("SELECT * FROM eventstore_event") == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hide", ["eventstore_event", "eventstore_event_position_seq"])
def test_temporary_things_of_the_same_names_open_no_way(hide):
    kind = "SEQUENCE {} START 1000000000" if hide.endswith("seq") else "TABLE {} (x int)"
    with psycopg.connect(url(connection.settings_dict["NAME"])) as session:
        session.execute(f"CREATE TEMP {kind}".format(hide))
        session.execute("SELECT 1")
        insert = INSERT.replace("eventstore_event (", "public.eventstore_event (")
        with pytest.raises(psycopg.errors.RestrictViolation):
            session.execute(insert, ["a", [10**8], [1]])


@pytest.mark.django_db(transaction=True)
def test_copied_rows_come_after_their_sequence(rows):
    with transaction.atomic():
        [stream] = lock(product_stream("a"))
        append(stream, [ProductQuantityIncreased("a", 1, 1)])
    [(last,)] = rows("SELECT last_value FROM eventstore_event_position_seq")
    with psycopg.connect(url(connection.settings_dict["NAME"]), autocommit=True) as session:
        with pytest.raises(psycopg.errors.RestrictViolation) as refused:
            session.execute(INSERT, ["b", [last + 10], [1]])
        assert "After a copy, setval() first." in refused.value.diag.message_hint
        session.execute("SELECT setval('eventstore_event_position_seq', %s)", [last + 10])
        session.execute(INSERT, ["b", [last + 10], [1]])


@pytest.mark.django_db(transaction=True)
def test_log_that_has_events_is_not_migrated_away(rows):
    with transaction.atomic():
        [stream] = lock(product_stream("a"))
        append(stream, [ProductQuantityIncreased("a", 1, 1)])
    # Of all: what depends on the log's migrations would be undone before them.
    applied = "SELECT app, name FROM django_migrations ORDER BY app, name"
    before = rows(applied)
    for target in ("zero", "0002_lock", "0003_positions"):
        with pytest.raises(CommandError, match="The log has events"):
            call_command("migrate", "eventstore", target, verbosity=0, stdout=StringIO())
    assert len(list(read_all())) == 1
    assert rows(applied) == before


def test_lock_calls_the_function_of_the_log_and_no_other_of_the_name(db):
    """One that would fit untyped parameters better, as whoever may CREATE could make."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION eventstore_lock(int, int, text) RETURNS SETOF eventstore_event"
            " LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$"
        )
    with transaction.atomic():
        assert [stream.version for stream in lock(product_stream("a"))] == [0]
