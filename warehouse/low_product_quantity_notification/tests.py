import json
from dataclasses import dataclass
from uuid import UUID, uuid5

import pytest

from cqrs_example.eventstore import RecordedEvent, read, read_all
from cqrs_example.messaging import Context, Transaction, execute
from warehouse.events import (
    NotifiedLowProductQuantity,
    ProductEvent,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    low_product_quantity_notification_stream,
    product_stream,
)

from .models import LowProductQuantityNotification as Item
from .projection import project

NOTIFICATIONS = low_product_quantity_notification_stream("abc123")
PATH = "/warehouse/low_product_quantity_notifications"


@dataclass(frozen=True)
class Record:
    """An event as if a command had decided on it: this slice needs none of them."""

    event: ProductEvent


def handle(tx: Transaction, command: Record) -> list[RecordedEvent[ProductEvent]]:
    [product] = tx.lock(product_stream("abc123"))
    return tx.append(product, [command.event])


def record(event: ProductEvent) -> RecordedEvent[ProductEvent]:
    """Returns the event itself; what the policy adds is in the log."""
    return execute(handle, Record(event))[0]


def shipped(left: int) -> ProductQuantityShipped:
    return ProductQuantityShipped("abc123", 3, left, "A-1001")


def notifications() -> list[RecordedEvent[NotifiedLowProductQuantity]]:
    return list(read(NOTIFICATIONS))


@pytest.mark.parametrize(("left", "notified"), [(0, True), (5, True), (6, False), (100, False)])
def test_a_shipment_that_leaves_little_is_notified(scenario, left, notified):
    product, events = product_stream("abc123"), [shipped(left)]
    notification = NotifiedLowProductQuantity("abc123", left)
    scenario.when_recorded(product, events).then_log(
        {product: events, NOTIFICATIONS: [notification] if notified else []}
    )


def test_what_came_in_is_not_notified(scenario):
    product, events = product_stream("abc123"), [ProductQuantityIncreased("abc123", 1, 1)]
    scenario.when_recorded(product, events).then_log({product: events})


@pytest.mark.parametrize("left", [0, 1, 5])
def test_shipment_that_leaves_few(db, caplog, django_capture_on_commit_callbacks, left):
    with django_capture_on_commit_callbacks(execute=True):
        event = record(shipped(left))
        assert caplog.messages == []  # not before the commit
    assert caplog.messages == [f"Low quantity of product abc123! {left} remaining."]
    [notified] = notifications()
    assert notified.data == NotifiedLowProductQuantity("abc123", left)
    assert notified.causation_id == event.id
    item = Item.objects.get()
    assert (item.opened_by, item.sku, item.quantity) == (event.id, "abc123", left)
    assert (item.requested_at, item.notified_at) == (event.occurred_at, notified.occurred_at)


@pytest.mark.parametrize("event", [shipped(6), ProductQuantityIncreased("abc123", 1, 1)], ids=str)
def test_event_that_needs_no_notification(db, event):
    record(event)
    assert (notifications(), list(Item.objects.all())) == ([], [])


def test_low_product_quantity_of_the_settings(db, settings):
    settings.LOW_PRODUCT_QUANTITY = 8
    record(shipped(9))
    record(shipped(8))
    assert [item.quantity for item in Item.objects.all()] == [8]


def test_each_shipment_that_leaves_few(db):
    for left in (7, 5, 4, 3):
        record(shipped(left))
    assert [event.version for event in notifications()] == [1, 2, 3]
    assert sorted(Item.objects.values_list("quantity", flat=True)) == [3, 4, 5]


def test_notification_command_id_comes_from_the_shipment(db):
    key = UUID("4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90")
    execute(handle, Record(shipped(3)), Context(command_id=key, actor="clerk"))
    [notified] = notifications()
    assert notified.metadata["command"] == {
        "id": str(uuid5(uuid5(key, "1"), "NotifyLowProductQuantity")),
        "name": "NotifyLowProductQuantity",
        "fields": {"sku": "abc123", "quantity_on_hand": 3},
    }
    assert (notified.metadata["actor"], notified.correlation_id) == ("clerk", key)


def test_project_all_at_once_or_one_by_one(db):
    for left in (7, 5, 4):
        record(shipped(left))
    events, expected = list(read_all()), list(Item.objects.order_by("quantity").values())
    assert [item["notified_at"] is None for item in expected] == [False, False]
    for batches in ([events], [[event] for event in events]):
        Item.objects.all().delete()
        for batch in batches:
            project(batch)
        assert list(Item.objects.order_by("quantity").values()) == expected


def test_project_shipment_without_its_notification_stays_open(db):
    event = record(shipped(3))
    Item.objects.all().delete()
    project([event])
    assert Item.objects.get().notified_at is None


def test_notifications(client, db):
    assert client.get(PATH).content == b"[]"
    record(shipped(5))
    record(shipped(2))
    Item.objects.filter(quantity=5).update(notified_at=None)
    items = json.loads(client.get(PATH).content)
    assert [(item["sku"], item["quantity"], item["notified_at"] is None) for item in items] == [
        ("abc123", 5, True),
        ("abc123", 2, False),
    ]


def test_notifications_page(client, db):
    def page() -> str:
        return str(client.get(PATH, headers={"accept": "text/html"}).content.decode())

    assert "Nothing has been low so far." in page()
    record(shipped(5))
    assert "abc123" in page()
    assert ">Open<" not in page()
    Item.objects.update(notified_at=None)
    assert ">Open<" in page()
