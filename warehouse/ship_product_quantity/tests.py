from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import transaction

from cqrs_example import eventstore
from cqrs_example.messaging import Context, execute
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped, product_stream

from .command import ShipProductQuantity, handle

STREAM = product_stream("abc123")
SHIP = "/warehouse/products/abc123/ship_quantity"


@pytest.fixture
def stocked(db):
    """10 of abc123 are there."""
    with transaction.atomic():
        [product] = eventstore.lock(product_stream("abc123"))
        eventstore.append(product, [ProductQuantityIncreased("abc123", 10, 10)])


def increased(on_hand: int) -> ProductQuantityIncreased:
    return ProductQuantityIncreased("abc123", on_hand, on_hand)


@pytest.mark.parametrize(
    ("on_hand", "quantity", "left"), [(10, 3, 7), (10, 10, 0), (2**62, 1, 2**62 - 1)]
)
def test_ships_what_is_there(scenario, on_hand, quantity, left):
    scenario.given(STREAM, [increased(on_hand)])
    scenario.when(handle, ShipProductQuantity("abc123", quantity, "A-1001"))
    scenario.then([ProductQuantityShipped("abc123", quantity, left, "A-1001")])


@pytest.mark.parametrize(("on_hand", "quantity"), [(1, 2), (10, 11), (1, 2**31 - 1)])
def test_never_more_than_there_is(scenario, on_hand, quantity):
    scenario.given(STREAM, [increased(on_hand)])
    scenario.when(handle, ShipProductQuantity("abc123", quantity))
    scenario.then_refused("Insufficient quantity on hand.")


def test_of_a_product_that_never_came(scenario):
    scenario.when(handle, ShipProductQuantity("abc123", 1))
    scenario.then_refused("Insufficient quantity on hand.").then_log({})


def test_goes_on_from_the_last_event(scenario):
    scenario.given(STREAM, [increased(10)])
    for quantity, left in ((3, 7), (7, 0)):
        scenario.when(handle, ShipProductQuantity("abc123", quantity))
        scenario.then([ProductQuantityShipped("abc123", quantity, left, "not given")])
    assert scenario.log.last_event(STREAM).version == 3


@pytest.mark.usefixtures("stocked")
def test_ship_quantity(client):
    for body in ({"quantity": 3, "reference": " A-1001 "}, {"quantity": 2}):
        answer = client.post(SHIP, body, content_type="application/json")
        assert (answer.status_code, answer.content) == (200, b"")
    _, *shipped = eventstore.read(product_stream("abc123"))
    assert [event.data for event in shipped] == [
        ProductQuantityShipped("abc123", 3, 7, "A-1001"),
        ProductQuantityShipped("abc123", 2, 5, "not given"),
    ]


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("reference", [5, True, ["A"], {}, "x" * 65, "a\u202eb", "a\nb"])
def test_ship_quantity_wrong_reference(client, reference):
    body = {"quantity": 3, "reference": reference}
    answer = client.post(SHIP, body, content_type="application/json", headers={"accept": "*/*"})
    assert answer.status_code == 400
    assert answer.content.startswith(b"The reference ")
    assert answer.content.endswith(b": it has 1 to 64 visible characters.")
    assert eventstore.last_event(product_stream("abc123")).version == 1


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("reference", ["", " ", None])
def test_ship_quantity_without_reference(client, reference):
    body = {"quantity": 3, "reference": reference}
    assert client.post(SHIP, body, content_type="application/json").status_code == 200
    assert eventstore.last_event(product_stream("abc123")).data.reference == "not given"


@pytest.mark.usefixtures("stocked")
def test_ship_quantity_by_form(client):
    answer = client.post(SHIP, {"quantity": " 7 ", "next": "/healthz"})
    assert (answer.status_code, answer["Location"]) == (303, "/healthz")
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "Shipped 7 of abc123. 3 left."
    ]


@pytest.mark.usefixtures("stocked")
def test_ship_quantity_refused_page(client):
    page = client.post(
        SHIP, {"quantity": "11", "reference": "A-1001"}, headers={"accept": "text/html"}
    )
    assert page.status_code == 422
    assert 'value="11"' in page.content.decode()
    assert 'value="A-1001"' in page.content.decode()
    assert '<span class="big">10</span> on hand' in page.content.decode()
    assert "Insufficient quantity on hand." in page.content.decode()


@pytest.mark.usefixtures("stocked")
def test_ship_quantity_under_the_key_of_another_actor(client):
    key = uuid4()
    execute(handle, ShipProductQuantity("abc123", 5), Context(command_id=key, actor="clerk"))
    headers = {"idempotency-key": str(key)}
    answer = client.post(SHIP, {"quantity": 5}, content_type="application/json", headers=headers)
    assert answer.status_code == 422
    assert eventstore.last_event(product_stream("abc123")).version == 2
