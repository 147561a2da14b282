"""Events of an older schema version: stored as they were, read as they are now."""

import json
import sys
from dataclasses import make_dataclass
from types import ModuleType
from uuid import uuid4, uuid5

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from cqrs_example.eventstore import UnreadableEvent, last_event, read, read_all
from cqrs_example.eventstore.checks import check_events
from cqrs_example.eventstore.contracts import stored_as
from cqrs_example.messaging import Context, Repeated, execute

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.events import Withdrawn, account_stream
from .bank.models import Account

STORE = """
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,
        correlation_id, causation_id, metadata, recorded_at, occurred_at)
    VALUES (%s, 'account-abc123', %s, %s, %s, %s, %s, %s, %s, now(), now())
"""
WITHDRAWN = "bank.Withdrawn"
OLD = {"account": "abc123", "amount": 3, "balance": 7}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


def store(version, schema_version=1, data=OLD, kind=WITHDRAWN, metadata=None, **ids):
    """A row as an earlier release wrote it; returns its id."""
    event_id, cause = ids.get("event_id", uuid4()), ids.get("cause", uuid4())
    row = [
        version,
        kind,
        schema_version,
        json.dumps(data),
        cause,
        cause,
        json.dumps(metadata or {}),
    ]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [event_id, *row])
    return event_id


@pytest.fixture
def withdrawn_before():
    """10 came, and 3 went when withdrawals had no reference yet."""
    execute(deposit, Deposit("abc123", 10))
    store(version=2)


@pytest.mark.usefixtures("withdrawn_before")
def test_every_way_of_reading_upcasts():
    stream = account_stream("abc123")
    for event in (last_event(stream), list(read(stream))[-1], list(read_all())[-1]):
        assert event.data == Withdrawn("abc123", 3, 7, "not recorded")
        assert event.schema_version == 1  # what is stored stays as it was


@pytest.mark.usefixtures("withdrawn_before")
def test_commands_and_projections_go_on_from_an_old_event():
    execute(withdraw, Withdraw("abc123", 2, "A-1001"))
    assert Account.objects.get(account="abc123").amount == 5
    event = last_event(account_stream("abc123"))
    assert (event.schema_version, event.data.reference) == (2, "A-1001")


def test_command_sent_before_it_had_the_field_and_again_after_it():
    execute(deposit, Deposit("abc123", 10))
    key, fields = uuid4(), {"account": "abc123", "amount": 3}
    command = {"id": str(key), "name": "Withdraw", "fields": fields}
    origin = {"command": command, "actor": "anonymous"}
    store(version=2, cause=key, metadata=origin, event_id=uuid5(key, "1"))
    [event] = again = execute(withdraw, Withdraw("abc123", 3), Context(key))
    assert isinstance(again, Repeated)
    assert event.data.reference == "not recorded"


@pytest.mark.parametrize(
    ("kind", "schema_version", "data", "problem"),
    [
        (WITHDRAWN, 3, OLD, "settings.EVENTS has no bank.Withdrawn of version 3"),
        (WITHDRAWN, 0, OLD, "settings.EVENTS has no bank.Withdrawn of version 0"),
        ("warehouse.Lost", 1, OLD, "settings.EVENTS has no warehouse.Lost of version 1"),
        (WITHDRAWN, 1, {"account": "abc123"}, "Withdrawn does not fit"),
        (WITHDRAWN, 1, ["abc123"], "does not fit"),
    ],
)
def test_unknown_or_unfit_stops_with_its_id(kind, schema_version, data, problem):
    event_id = store(1, schema_version, data, kind)
    with pytest.raises(UnreadableEvent, match=rf"Event {event_id} at position \d+: .*{problem}"):
        list(read_all())


def module_with(settings, monkeypatch, **members):
    module = ModuleType(f"events_{uuid4().hex}")  # contracts are looked up once for a name
    for name, member in members.items():
        setattr(module, name, member)
    for member in [one for one in members.values() if isinstance(one, type)]:
        member.__module__ = module.__name__
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.EVENTS = ["tests.bank.events", module.__name__]


def test_upcasters_work_step_by_step(settings, monkeypatch):
    told = {"type": "test.Told", "schema_version": 3}
    steps = {
        ("test.Told", 1): lambda stored: {"words": [stored["word"]]},
        ("test.Told", 2): lambda stored: {"text": " ".join(stored["words"])},
    }
    contract = make_dataclass("Told", [("text", str)], frozen=True, namespace=told)
    module_with(settings, monkeypatch, Told=contract, UPCASTERS=steps)
    store(1, 1, {"word": "one"}, "test.Told")
    store(2, 2, {"words": ["two", "words"]}, "test.Told")
    store(3, 3, {"text": "three"}, "test.Told")
    assert [event.data.text for event in read_all()] == ["one", "two words", "three"]


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (("test.Gone", 1), "test.Gone 1 has an upcaster, but there is no test.Gone 2."),
        ((WITHDRAWN, 2), "('bank.Withdrawn', 2) is defined 2 times."),
    ],
)
def test_upcaster_that_leads_nowhere_fails_the_check(settings, monkeypatch, key, sentence):
    module_with(settings, monkeypatch, UPCASTERS={key: lambda stored: stored})
    with pytest.raises(SystemCheckError) as failure:
        call_command("check")
    assert sentence in str(failure.value)


def test_upcasters_lead_to_another_name(settings, monkeypatch):
    """A renamed event: what is stored keeps its old name, and is read as what it is called now."""
    contract = make_dataclass(
        "Spoken",
        [("text", str)],
        frozen=True,
        namespace={"type": "test.Spoken", "schema_version": 2},
    )
    steps = {
        ("test.Told", 1): lambda stored: {"words": [stored["word"]]},
        ("test.Told", 2): (("test.Said", 1), lambda stored: {"said": " ".join(stored["words"])}),
        ("test.Said", 1): (("test.Spoken", 1), dict),  # the name alone has changed
        ("test.Spoken", 1): lambda stored: {"text": stored["said"]},
    }
    module_with(settings, monkeypatch, Spoken=contract, UPCASTERS=steps)
    store(1, 1, {"word": "one"}, "test.Told")
    store(2, 2, {"words": ["two", "words"]}, "test.Told")
    store(3, 1, {"said": "three"}, "test.Said")
    store(4, 1, {"said": "four"}, "test.Spoken")
    store(5, 2, {"text": "five"}, "test.Spoken")
    events = list(read_all())
    assert [event.data.text for event in events] == ["one", "two words", "three", "four", "five"]
    assert {type(event.data) for event in events} == {contract}
    assert events[0].type == "test.Told"  # what is stored stays as it was
    assert stored_as((contract,)) == {*steps, ("test.Spoken", 2)}
    check_events()


def test_class_with_a_second_name_is_one_class(settings, monkeypatch):
    told = {"type": "test.Told", "schema_version": 1}
    contract = make_dataclass("Told", [("text", str)], frozen=True, namespace=told)
    module_with(settings, monkeypatch, Told=contract, Spoken=contract)
    assert [one.msg for one in check_events()] == []


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        (
            {("test.Told", 1): (("test.Said", 7), dict)},
            "test.Told 1 has an upcaster, but there is no test.Said 7.",
        ),
        (
            {
                ("test.Told", 1): (("test.Said", 1), dict),
                ("test.Said", 1): (("test.Told", 1), dict),
            },
            "test.Told 1 has an upcaster that leads back to test.Told 1.",
        ),
        ({("test.Told", 1): "test.Said"}, "the upcaster of test.Told 1 must be a function"),
        ({"test.Told": dict}, "has 'test.Told': the key must be (type, schema version)."),
    ],
)
def test_upcaster_across_names_that_is_wrong_fails_the_check(
    settings, monkeypatch, steps, sentence
):
    module_with(settings, monkeypatch, UPCASTERS=steps)
    assert sentence in " ".join(one.msg for one in check_events())
