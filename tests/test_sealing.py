"""What was sealed and is changed afterwards is found, whatever else agrees with the change."""

import hashlib
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from cqrs_example.messaging import execute
from cqrs_example.projections.models import Seal
from cqrs_example.projections.sealing import differing_seals

from .bank.commands import Deposit, deposit
from .managing import manage
from .racing import all_at_once, in_background, until
from .test_reading_the_log import writing
from .test_verify import damaged, finds, log, sql, verify  # noqa: F401 (fixtures of this module too)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

SECOND = "stream = 'account-a' AND version = 2"
NOT_AS_SEALED = "are not those that were sealed"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Seals of two events, so that six make a chain of three."""
    monkeypatch.setattr("cqrs_example.projections.sealing.RANGE", 2)


def seal():
    out = StringIO()
    call_command("seal_log", stdout=out)
    return out.getvalue().strip()


def positions():
    with connection.cursor() as cursor:
        cursor.execute("SELECT position FROM eventstore_event ORDER BY position")
        return [position for (position,) in cursor.fetchall()]


def test_newest_event_deleted_and_the_read_models_rebuilt(damaged):  # noqa: F811
    seal()
    last = positions()[-1]
    damaged("DELETE FROM eventstore_event WHERE position = %s", last)
    call_command("rebuild", "--all", stdout=StringIO())
    first, finding, *rest = finds()
    assert first == "the log: 1 finding in 5 events"
    assert (
        f"to {last} {NOT_AS_SEALED}: the seal counted 2 when it was made, and the log has 1 there"
        in finding
    )
    assert [line for line in rest if "agree" not in line] == []


def test_agrees_and_goes_on():
    assert "sealed" not in verify()[0]
    told = seal()
    last = positions()[-1]
    assert told.startswith(f"the log: 6 events are sealed, up to position {last}: ")
    assert seal() == told
    assert Seal.objects.count() == 3
    execute(deposit, Deposit("a", 1))
    assert verify()[0].endswith(
        f"7 events in 4 streams are in order; funds held; sealed up to position {last}: agrees"
    )
    assert "7 events are sealed" in seal()
    assert verify()[0].endswith(f"sealed up to position {positions()[-1]}: agrees")


def test_nothing_to_seal(damaged):  # noqa: F811
    damaged("DELETE FROM eventstore_event")
    assert seal() == "the log: there are no events to seal"


CHANGES = [
    "data = jsonb_set(data, '{amount}', '3')",
    "data = data || '{\"more\": null}'",
    "id = gen_random_uuid()",
    "type = type || ' '",
    "schema_version = 7",
    "stream = 'account-á'",
    "correlation_id = gen_random_uuid()",
    "causation_id = gen_random_uuid()",
    "metadata = '{}'",
    "recorded_at = recorded_at + interval '1 microsecond'",
    "occurred_at = occurred_at - interval '1 microsecond'",
    "version = 9",
]


def test_any_value_that_was_changed(damaged):  # noqa: F811
    """Each change is taken back before the next one."""
    seal()
    before, upto, _ = Seal.objects.values_list("upto", flat=True)
    for change in CHANGES:
        with transaction.atomic():
            damaged(f"UPDATE eventstore_event SET {change} WHERE {SECOND}")
            found = [line for line in differing_seals(None) if NOT_AS_SEALED in line]
            transaction.set_rollback(True)
        assert found == [
            f"the events from position {before + 1} to {upto} {NOT_AS_SEALED}:"
            " the digest over all 2 of them is another one, so one was changed or replaced"
        ], change
    assert verify()[0].endswith("agrees")


def test_event_that_is_put_into_a_gap(damaged):  # noqa: F811
    sql("SELECT nextval('eventstore_event_position_seq')")
    gap = positions()[-1] + 1
    execute(deposit, Deposit("d", 1))
    seal()
    damaged(
        "INSERT INTO eventstore_event SELECT %s, gen_random_uuid(), 'account-z', 1, type,"
        " schema_version, data, correlation_id, causation_id, metadata, recorded_at, occurred_at"
        " FROM eventstore_event ORDER BY position LIMIT 1",
        gap,
    )
    [found] = [line for line in finds() if NOT_AS_SEALED in line]
    assert found.endswith("counted 1 when it was made, and the log has 2 there now")


def test_first_range_that_differs_is_named_first(damaged):  # noqa: F811
    seal()
    uptos = list(Seal.objects.values_list("upto", flat=True))
    damaged("UPDATE eventstore_event SET metadata = metadata || '{\"x\": 1}'")
    found = [line for line in finds() if NOT_AS_SEALED in line]
    assert len(found) == 3
    for line, after, upto in zip(found, [0, *uptos], uptos, strict=False):
        assert line.startswith(f"  the events from position {after + 1} to {upto} ")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM projections_seal WHERE upto = %s",
        "UPDATE projections_seal SET digest = repeat('0', 64) WHERE upto = %s",
        "UPDATE projections_seal SET previous = '' WHERE upto = %s",
        "UPDATE projections_seal SET events = 1 WHERE upto = %s",
        "UPDATE projections_seal SET upto = upto - 1 WHERE upto = %s",
    ],
)
def test_seal_that_is_not_as_it_was(statement):
    seal()
    sql(statement, Seal.objects.values_list("upto", flat=True)[1])
    assert any("seal" in line for line in finds())


def test_seal_that_was_made_anew_alone(damaged):  # noqa: F811
    """It fits its events; but the next one does not continue it."""
    seal()
    first, second, third = Seal.objects.all()
    damaged(f"UPDATE eventstore_event SET metadata = metadata || '{{\"x\": 1}}' WHERE {SECOND}")
    Seal.objects.exclude(upto=first.upto).delete()
    seal()
    Seal.objects.filter(upto=third.upto).update(previous=third.previous, digest=third.digest)
    [finding] = differing_seals(None)
    told = f"the seal up to position {third.upto} does not continue the one before it"
    assert finding.startswith(f"{told}, up to {second.upto}: ")


def test_chain_that_was_made_anew_is_found_by_whoever_kept_a_digest(damaged):  # noqa: F811
    *_, kept = seal().split()
    execute(deposit, Deposit("a", 1))
    seal()
    assert verify("--expect", kept.upper())[0].endswith("agrees")  # sealing has gone on since
    damaged(f"UPDATE eventstore_event SET metadata = metadata || '{{\"x\": 1}}' WHERE {SECOND}")
    Seal.objects.all().delete()
    seal()
    assert verify()[0].endswith("agrees")
    assert any(f"no seal has the digest {kept}: " in line for line in finds("--expect", kept))


@pytest.mark.parametrize("value", ["", "abc", "g" * 64, "0" * 65, "0" * 64 + "\n"])
def test_what_is_no_digest(value):
    with pytest.raises(CommandError, match="is no digest: give the 64 hexadecimal digits"):
        verify("--expect", value)


def test_time_that_is_none(damaged):  # noqa: F811
    seal()
    with transaction.atomic():
        sql("ALTER TABLE eventstore_event DROP CONSTRAINT eventstore_moments")
        damaged(f"UPDATE eventstore_event SET occurred_at = 'infinity' WHERE {SECOND}")
        [finding] = differing_seals(None)
        transaction.set_rollback(True)
    assert NOT_AS_SEALED in finding


def test_digest_with_a_projection():
    with pytest.raises(CommandError, match="give it without names of projections"):
        verify("accounts", "--expect", "0" * 64)


def test_digest_is_that_of_the_values_as_documented():
    """So that another program can prove it; computed here as docs/sealing.md says."""
    execute(deposit, Deposit('Ünï\u2028\U0001f600"\\', 2**60))
    *_, told = seal().split()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, id::text, stream, version, type, schema_version, data::text,"
            " correlation_id::text, causation_id::text, metadata::text,"
            " (extract(epoch FROM recorded_at) * 1000000)::bigint,"
            " (extract(epoch FROM occurred_at) * 1000000)::bigint"
            " FROM eventstore_event ORDER BY position"
        )
        rows = cursor.fetchall()
    lines = [f"[{', '.join(map(as_json, range(12), row))}]" for row in rows]
    digests = [hashlib.sha256(line.encode()).digest() for line in lines]
    digest = ""
    for begin in range(0, len(rows), 2):
        sealed = digest.encode() + b"".join(digests[begin : begin + 2])
        digest = hashlib.sha256(sealed).hexdigest()
    assert digest == told


def as_json(number, value):
    return value if number in (6, 9) else json.dumps(value, ensure_ascii=False)


def test_session_does_not_matter():
    seal()
    role = connection.settings_dict["USER"] or connection.connection.info.user
    settings = {
        "TimeZone": "Asia/Kathmandu",
        "extra_float_digits": "-15",
        "IntervalStyle": "sql_standard",
        "bytea_output": "escape",
        "default_toast_compression": "pglz",
    }
    try:
        for name, value in settings.items():
            sql(f"ALTER ROLE {role} SET {name} = '{value}'")
        code, out, err = manage("verify")
    finally:
        sql(f"ALTER ROLE {role} RESET ALL")
    assert code == 0, out + err
    assert ": agrees" in out


def test_event_that_commits_late_is_sealed_in_its_place():
    with writing("late") as late:
        execute(deposit, Deposit("a", 1))
        assert late.event.position < positions()[-1]
        with in_background(seal) as sealing:
            until(lambda: sealing.done() or polls_for_writers())
            late.finish.set()
    assert "8 events are sealed" in sealing.result()


def polls_for_writers():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database() AND query LIKE '%SELECT virtualtransaction%'"
        )
        return cursor.fetchone() is not None


def test_two_at_once():
    one, other = all_at_once([seal, seal])
    assert one == other
    assert Seal.objects.count() == 3
    assert verify()[0].endswith("agrees")
