"""The event model from left to right, over HTTP, and the behaviours of the original."""

from uuid import uuid4

import pytest
from django.apps import apps

from cqrs_example.eventstore import read, read_all
from warehouse.events import (
    NotifiedLowProductQuantity,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    low_product_quantity_notification_stream,
    product_stream,
)

pytestmark = pytest.mark.slices(
    "increase_product_quantity",
    "ship_product_quantity",
    "products",
    "low_product_quantity_notification",
)

LIST = "/warehouse/products"
TODO = "/warehouse/low_product_quantity_notifications"


@pytest.fixture
def warnings(server):
    """`warnings()`: the warnings that gunicorn's log holds since the test began."""
    before = server.log.stat().st_size

    def read_log() -> list[str]:
        lines = server.log.read_bytes()[before:].decode().splitlines()
        return [line.split(": ", 1)[1] for line in lines if " WARNING warehouse." in line]

    return read_log


@pytest.fixture
def todo():
    """`todo()`: sku, quantity and whether it is done, oldest first."""
    label = "warehouse_low_product_quantity_notification.LowProductQuantityNotification"
    items = apps.get_model(label).objects.order_by("requested_at")
    return lambda: [(item.sku, item.quantity, item.notified_at is not None) for item in items.all()]


def test_event_model_from_left_to_right(server, log, warnings, todo):
    # 1: Product List
    assert server("GET", LIST).text == "[]"

    # 2: Increase Product Quantity → Product Quantity Increased
    assert server.increase("abc123", 50).status == 200
    assert log() == ["Received 50 of abc123, 50 on hand"]

    # 3: Product List, fed by column 2's event
    assert server("GET", LIST).text == '[{"quantity":50,"sku":"abc123"}]'
    assert todo() == []

    # 4: Ship Product Quantity → Product Quantity Shipped
    assert server.ship("abc123", 49).status == 200
    assert log()[1] == "Shipped 49 of abc123, 1 left"

    # 5: Product List, fed by column 4's event
    assert server("GET", LIST).text == '[{"quantity":1,"sku":"abc123"}]'

    # 6: Ship Product Quantity, refused: no event
    answer = server.ship("abc123", 20)
    assert (answer.status, answer.text) == (400, "Insufficient quantity on hand.")

    # 7 and 8: the shipment opened an item, Notify Low Product Quantity → Notified, item ticked off
    assert todo() == [("abc123", 1, True)]
    assert warnings() == ["Low quantity of product abc123! 1 remaining."]
    assert log()[2:] == ["Notified that abc123 is low, 1 left"]
    assert server("GET", LIST).text == '[{"quantity":1,"sku":"abc123"}]'


# The original's test cases


@pytest.mark.parametrize("command", ["increase", "ship"])
def test_command_bad_parameters(server, log, command):
    for quantity in ["null", '"5"', "0", "-1", "5.0"]:
        answer = getattr(server, command)("abc123", quantity)
        assert (answer.status, answer.body) == (400, b"")
    assert log() == []


def test_ship_quantity_of_an_unknown_product(server, log):
    answer = server.ship("abc123", 1)
    assert (answer.status, answer.text) == (400, "Insufficient quantity on hand.")
    assert (log(), server.stock()) == ([], {})


def test_ship_quantity_insufficient(server, log):
    server.increase("abc123", 10)
    answer = server.ship("abc123", 11)
    assert (answer.status, answer.text) == (400, "Insufficient quantity on hand.")
    assert (len(log()), server.stock()) == (1, {"abc123": 10})


def test_ship_quantity_exactly_all(server, log):
    server.increase("abc123", 10)
    assert server.ship("abc123", 10).status == 200
    assert server.stock() == {"abc123": 0}
    # The order of the log; the original delivered the notification before the shipment.
    assert [type(event.data) for event in read_all()] == [
        ProductQuantityIncreased,
        ProductQuantityShipped,
        NotifiedLowProductQuantity,
    ]


def test_increase_quantity_of_another_product(server):
    server.increase("abc123", 10)
    server.increase("def456", 20)
    server.increase("abc123", 5)
    server.ship("def456", 1)
    assert server.stock() == {"abc123": 15, "def456": 19}


@pytest.mark.parametrize("left", [5, 4, 1, 0])
def test_notify_when_a_shipment_leaves_few(server, log, warnings, todo, left):
    server.increase("abc123", 10)
    server.ship("abc123", 10 - left)
    assert warnings() == [f"Low quantity of product abc123! {left} remaining."]
    assert log()[2:] == [f"Notified that abc123 is low, {left} left"]
    assert todo() == [("abc123", left, True)]


@pytest.mark.parametrize("left", [6, 9])
def test_notify_not_when_a_shipment_leaves_enough(server, log, warnings, todo, left):
    server.increase("abc123", 10)
    server.ship("abc123", 10 - left)
    assert (len(log()), warnings(), todo()) == (2, [], [])


def test_notify_at_each_shipment_that_leaves_few(server, warnings, todo):
    server.increase("abc123", 8)
    for _ in range(5):
        server.ship("abc123", 1)
    assert warnings() == [
        f"Low quantity of product abc123! {left} remaining." for left in (5, 4, 3)
    ]
    assert todo() == [("abc123", 5, True), ("abc123", 4, True), ("abc123", 3, True)]
    versions = [event.version for event in read(low_product_quantity_notification_stream("abc123"))]
    assert versions == [1, 2, 3]


def test_notify_not_when_an_increase_leaves_few(server, log, warnings, todo):
    server.increase("abc123", 1)
    server.increase("abc123", 1)
    assert (len(log()), warnings(), todo()) == (2, [], [])


def test_notify_not_when_a_shipment_is_refused(server, log, warnings, todo):
    server.increase("abc123", 3)
    server.ship("abc123", 4)
    assert (len(log()), warnings(), todo()) == (1, [], [])


def test_notify_again_after_new_stock(server, warnings):
    server.increase("abc123", 6)
    server.ship("abc123", 1)
    server.increase("abc123", 5)
    server.ship("abc123", 1)
    server.ship("abc123", 4)
    assert [line.split("! ")[1] for line in warnings()] == ["5 remaining.", "5 remaining."]


def test_notify_once_when_a_shipment_is_repeated(server, warnings, todo):
    server.increase("abc123", 10)
    key = str(uuid4())
    for _ in range(3):
        assert server.ship("abc123", 7, Idempotency_Key=key).status == 200
    assert (len(warnings()), len(todo())) == (1, 1)


def test_everything_is_there_after_a_restart(server, log, warnings):
    server.increase("abc123", 10)
    server.ship("abc123", 4)
    server.restart()
    assert server.stock() == {"abc123": 6}
    assert server.ship("abc123", 7).status == 400
    assert server.ship("abc123", 1).status == 200
    assert server.stock() == {"abc123": 5}
    assert warnings() == ["Low quantity of product abc123! 5 remaining."]
    assert [event.version for event in read(product_stream("abc123"))] == [1, 2, 3]
