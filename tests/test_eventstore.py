"""The event store by itself: lock, append, read."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings, strategies

from cqrs_example.eventstore import (
    DuplicateEvent,
    NewEvent,
    UnreadableEvent,
    WrongExpectedVersion,
    append,
    append_many,
    caused_by,
    last_event,
    lock,
    read,
    read_all,
)

AT = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Noted:
    type: ClassVar[str] = "test.Noted"
    schema_version: ClassVar[int] = 1
    number: int = 0


@dataclass(frozen=True)
class Told:
    """One field of each kind that reads back as it is."""

    type: ClassVar[str] = "test.Told"
    schema_version: ClassVar[int] = 2
    any: Any = None
    weight: float = 0.0
    maybe_weight: float | None = None
    price: Decimal = Decimal(0)
    maybe: Decimal | None = None
    id: UUID | None = None
    day: date = date(2024, 2, 29)
    at: datetime = AT
    maybe_at: datetime | None = None
    names: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
def contracts(settings):
    settings.EVENTS = ["tests.bank.events", __name__]


def record(name, *events, **origin):
    with transaction.atomic():
        [stream] = lock(name)
        return append(stream, list(events), **origin)


def numbers(events):
    return [event.data.number for event in events]


@pytest.mark.django_db
def test_append_counts_versions_from_1():
    first = record("a", Noted(1), Noted(2))
    second = record("a", Noted(3))
    assert [event.version for event in [*first, *second]] == [1, 2, 3]
    assert [event.stream for event in read("a")] == ["a"] * 3
    assert first[0].position < first[1].position < second[0].position


@pytest.mark.django_db
def test_lock_tells_where_streams_are():
    record("b", Noted(1), Noted(2))
    with transaction.atomic():
        empty, again, stream = lock("new", "b", "b")
    assert (empty.name, empty.version, empty.last, list(empty)) == ("new", 0, None, [])
    assert (stream.version, stream.last.data, numbers(stream)) == (2, Noted(2), [1, 2])
    assert again is stream


@pytest.mark.django_db(transaction=True)
def test_lock_outside_a_transaction():
    with pytest.raises(RuntimeError, match=r"Lock streams inside transaction.atomic\(\)"):
        lock("a")


@pytest.mark.django_db
def test_lock_too_many():
    with pytest.raises(ValueError, match=r"Lock at most 1,000 streams"):
        lock(*map(str, range(1001)))
    assert len(lock(*map(str, range(1000)))) == 1000


@pytest.mark.django_db
def test_append_nothing():
    assert record("a") == []
    assert last_event("a") is None
    with pytest.raises(WrongExpectedVersion):
        record("a", expected_version=1)


@pytest.mark.django_db
def test_append_expected_version():
    record("a", Noted(1), expected_version=0)
    with pytest.raises(WrongExpectedVersion, match=r"^a is at version 1, not 0"):
        record("a", Noted(2), expected_version=0)
    record("a", Noted(2), expected_version=1)
    assert numbers(read("a")) == [1, 2]


@pytest.mark.django_db
def test_append_the_same_id():
    event_id = uuid4()
    record("a", Noted(1), ids=[event_id])
    with pytest.raises(DuplicateEvent):
        record("b", Noted(2), ids=[event_id])
    assert [event.id for event in read_all()] == [event_id]


@pytest.mark.django_db(transaction=True)
def test_append_around_the_lock():
    with transaction.atomic():
        [stale] = lock("a")
    record("a", Noted(1))
    with pytest.raises(WrongExpectedVersion), transaction.atomic():
        append(stale, [Noted(2)])
    assert numbers(read("a")) == [1]


@pytest.mark.django_db
def test_append_many_keeps_the_order():
    with transaction.atomic():
        a, b = lock("a", "b")
        new = [NewEvent(a, Noted(1)), NewEvent(b, Noted(2)), NewEvent(a, Noted(3), AT)]
        recorded = append_many(new, metadata={"who": "me"})
        append(b, [Noted(4)])
    assert [(e.stream, e.version, e.data.number) for e in read_all(recorded[0].position - 1)] == [
        ("a", 1, 1),
        ("b", 1, 2),
        ("a", 2, 3),
        ("b", 2, 4),
    ]
    assert recorded == list(read_all(recorded[0].position - 1))[:3]
    assert (a.version, b.version) == (2, 2)
    assert recorded[2].occurred_at == AT != recorded[2].recorded_at
    assert recorded[0].occurred_at == recorded[0].recorded_at
    assert {event.correlation_id for event in recorded} == {recorded[0].id}
    assert recorded[0].metadata == {"who": "me"}


@pytest.mark.django_db
def test_caused_by():
    cause = uuid4()
    [_, second] = record("a", Noted(1), Noted(2), causation_id=cause)
    record("b", Noted(3))
    assert caused_by(cause)[1] == second
    assert numbers(caused_by(cause)) == [1, 2]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "event",
    [
        Told("zoë \u2603 \U0001f600 \\ \" '"),
        Told(2**70),
        Told(-1.5),
        Told(True),
        Told([1, {"a": None}]),
        Told(weight=1e23, maybe_weight=-8.604805345429498e16),
        Told(price=Decimal("1.50"), maybe=Decimal("-0.001")),
        Told(id=UUID(int=2**128 - 1), day=date(1, 1, 1)),
        Told(at=AT, maybe_at=AT, names=["a", "b"]),
    ],
)
def test_event_reads_back_as_it_is(event):
    [recorded] = record("a", event)
    assert recorded.data == event == last_event("a").data
    assert (recorded.type, recorded.schema_version) == ("test.Told", 2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("event", "error"),
    [
        (Told({1, 2}), TypeError),
        (Told((1, 2)), TypeError),
        (Told({1: 2}), TypeError),
        (Told(Decimal("1.5")), TypeError),
        (Told(float("nan")), ValueError),
    ],
)
def test_event_that_would_not_read_back(event, error):
    with pytest.raises(error, match=r"would read back as|not JSON compliant"):
        record("a", event)
    assert last_event("a") is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("event_type", "schema_version", "data", "why"),
    [
        ("test.Unheard", 1, "{}", "has no test.Unheard of version 1"),
        ("test.Noted", 2, "{}", "has no test.Noted of version 2"),
        ("test.Noted", 1, '{"other": 1}', "Noted does not fit"),
        ("test.Told", 2, '{"price": "much"}', "Told does not fit"),
    ],
)
def test_read_what_the_code_does_not_know(event_type, schema_version, data, why):
    event_id = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
            " correlation_id, causation_id, metadata, recorded_at, occurred_at)"
            " VALUES (%s, 'a', 1, %s, %s, %s, %s, %s, '{}', now(), now())",
            [event_id, event_type, schema_version, data, event_id, event_id],
        )
    for reading in (read("a"), read_all()):
        with pytest.raises(UnreadableEvent, match=f"Event {event_id} at position .*{why}"):
            list(reading)


@pytest.fixture
def long_stream(db):
    record("long", *map(Noted, range(1, 2101)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    after=strategies.integers(0, 2200),
    before=strategies.integers(0, 2200),
    backwards=strategies.booleans(),
    limit=strategies.integers(0, 2200),
)
def test_read_a_part(long_stream, after, before, backwards, limit):
    window = [number for number in range(1, 2101) if after < number < before]
    expected = (window[::-1] if backwards else window)[:limit]
    found = read("long", after=after, before=before, backwards=backwards, limit=limit)
    assert numbers(found) == expected


def test_read_all_of_a_long_log(long_stream):
    record("other", Noted(0))
    everything = list(read_all())
    assert numbers(everything) == [*range(1, 2101), 0]
    assert numbers(read_all(everything[-3].position)) == [2100, 0]
    assert numbers(read("long")) == [*range(1, 2101)]
