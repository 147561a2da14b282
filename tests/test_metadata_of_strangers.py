"""An import may have written anything into the metadata of an event: nothing stops for it."""

import json
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cqrs_example.eventstore import RecordedEvent, StreamName, append, lock
from cqrs_example.eventstore.looking import metadata_of
from cqrs_example.messaging import CommandIdReused, Context, execute
from cqrs_example.rabbitmq.envelope import envelope
from cqrs_example.subscriptions.following import rows_between

from .subscribing import Add, Added, Subscribed, add, handle_add, working
from .traced import SENT

ODD = [
    "x",
    ["x"],
    7,
    {"request": "x"},
    {"request": ["traceparent"]},
    {"request": {"traceparent": 7}},
    {"request": {"traceparent": "x" * 55, "tracestate": "=,="}},
    {"request": {"traceparent": SENT, "tracestate": {"a": 1}}},
    {"actor": {"name": "ann"}, "command": "x", "policy": ["note"]},
]
odd = pytest.mark.parametrize("metadata", ODD, ids=json.dumps)


def imported(metadata: Any, **origin: Any) -> RecordedEvent[Added]:
    name: StreamName[Added] = StreamName("a")
    with transaction.atomic():
        [stream] = lock(name)
        [event] = append(stream, [Added(1)], metadata=metadata, **origin)
    return event


@odd
def test_workers_hear_it(subscribed: Subscribed, spans: Any, metadata: Any) -> None:
    subscribed.switch("ledger", "note")
    imported(metadata)
    add("a", 2)
    with working("ledger", "note"):
        subscribed.caught_up()
    assert subscribed.ledger() == subscribed.notes() == [1, 2]
    assert subscribed.parked() == []
    assert {"handle ledger", "handle note", "deliver note"} <= spans().keys()


def test_good_part_of_it_is_used(
    subscribed: Subscribed, spans: Any, exporter: InMemorySpanExporter
) -> None:
    subscribed.switch("note")
    imported({"request": {"traceparent": SENT, "tracestate": {"a": 1}}})
    with working("note"):
        subscribed.caught_up()
    parents = {one.parent.span_id for one in exporter.get_finished_spans() if one.parent}
    assert int(SENT.split("-")[2], 16) in parents


@odd
def test_relay_sends_it(subscribed: Subscribed, settings: Any, metadata: Any) -> None:
    settings.MESSAGE_METADATA = ["actor", "request"]
    event = imported(metadata)
    [row] = rows_between(event.position - 1, event.position)
    message = envelope(row, 0)
    assert message["id"] == str(event.id)
    assert UUID(message["traceparent"].split("-")[1])


@odd
def test_command_under_whose_id_it_is(subscribed: Subscribed, metadata: Any) -> None:
    command_id = uuid4()
    event = imported(metadata, ids=[uuid5(command_id, "1")], causation_id=command_id)
    with pytest.raises(CommandIdReused):
        execute(handle_add, Add("b", 2), Context(command_id))
    assert metadata_of(event.id) == (metadata if isinstance(metadata, dict) else {})


@odd
def test_admin_shows_it_as_it_is(subscribed: Subscribed, client: Client, metadata: Any) -> None:
    client.force_login(User.objects.create_superuser("boss"))
    event = imported(metadata)
    page = f"/admin/eventstore/storedevent/{event.position}/"
    assert client.get(f"{page}change/").status_code == 200
    assert client.get(f"{page}event.json").json()["metadata"] == metadata
