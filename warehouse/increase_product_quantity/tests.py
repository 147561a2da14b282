import pytest
from django.contrib.messages import get_messages

from cqrs_example import eventstore
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped, product_stream

from .command import MOST, IncreaseProductQuantity, handle

STREAM = product_stream("abc123")


def increased(quantity: int, on_hand: int) -> ProductQuantityIncreased:
    return ProductQuantityIncreased("abc123", quantity, on_hand)


@pytest.mark.parametrize(
    ("given", "quantity", "then"),
    [
        ([], 1, 1),
        ([], 2**31 - 1, 2**31 - 1),
        ([increased(10, 10)], 5, 15),
        ([increased(9, 9), ProductQuantityShipped("abc123", 9, 0, "A-1001")], 5, 5),
        ([increased(5, MOST - 5)], 5, MOST),
    ],
)
def test_goes_on_from_the_last_event(scenario, given, quantity, then):
    scenario.given(STREAM, given)
    scenario.when(handle, IncreaseProductQuantity("abc123", quantity))
    scenario.then([increased(quantity, then)])
    assert scenario.log.last_event(STREAM).version == len(given) + 1


@pytest.mark.parametrize(("on_hand", "quantity"), [(MOST, 1), (MOST - 5, 6)])
def test_more_than_can_be_counted(scenario, on_hand, quantity):
    scenario.given(STREAM, [increased(5, on_hand)])
    scenario.when(handle, IncreaseProductQuantity("abc123", quantity))
    scenario.then_refused("There cannot be more than 9,223,372,036,854,775,807 on hand.")


def test_increase_quantity(client, db):
    path = "/warehouse/products/abc123/increase_quantity"
    answer = client.post(path, {"quantity": 5}, content_type="application/json")
    assert (answer.status_code, answer.content) == (200, b"")
    [event] = eventstore.read(product_stream("abc123"))
    assert event.data == ProductQuantityIncreased("abc123", 5, 5)


def test_increase_quantity_by_form(client, db):
    path = "/warehouse/products/abc123/increase_quantity"
    answer = client.post(path, {"quantity": " 7 ", "next": "/healthz"})
    assert (answer.status_code, answer["Location"]) == (303, "/healthz")
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "Received 7 of abc123. 7 on hand."
    ]


def test_increase_quantity_refused_page(client, db):
    page = client.post(
        "/warehouse/products/abc123/increase_quantity",
        {"quantity": "five"},
        headers={"accept": "text/html"},
    )
    assert page.status_code == 422
    assert 'value="five"' in page.content.decode()
    assert '<span class="big">0</span> on hand' in page.content.decode()
