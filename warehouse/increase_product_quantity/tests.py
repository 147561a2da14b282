import pytest
from django.db import transaction

from cqrs_example import eventstore
from cqrs_example.messaging import DomainError, execute
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped, product_stream

from .command import MOST, IncreaseProductQuantity, decide, handle


@pytest.mark.parametrize(
    ("on_hand", "quantity", "then"),
    [(0, 1, 1), (0, 50, 50), (7, 5, 12), (0, 2**31 - 1, 2**31 - 1), (MOST - 5, 5, MOST)],
)
def test_decide(on_hand, quantity, then):
    events = decide(on_hand, IncreaseProductQuantity("abc123", quantity))
    assert events == [ProductQuantityIncreased("abc123", quantity, then)]


@pytest.mark.parametrize(("on_hand", "quantity"), [(MOST, 1), (MOST - 5, 6)])
def test_decide_more_than_can_be_counted(on_hand, quantity):
    with pytest.raises(DomainError, match="There cannot be more than 9,223,372,036,854,775,807"):
        decide(on_hand, IncreaseProductQuantity("abc123", quantity))


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ([], 5),
        ([ProductQuantityIncreased("abc123", 10, 10)], 15),
        (
            [
                ProductQuantityIncreased("abc123", 9, 9),
                ProductQuantityShipped("abc123", 9, 0, "A-1001"),
            ],
            5,
        ),
    ],
)
def test_handle_goes_on_from_the_last_event(db, given, then):
    with transaction.atomic():
        [product] = eventstore.lock(product_stream("abc123"))
        eventstore.append(product, given)
    [event] = execute(handle, IncreaseProductQuantity("abc123", 5))
    assert (event.stream, event.version) == ("product-abc123", len(given) + 1)
    assert event.data == ProductQuantityIncreased("abc123", 5, then)


def test_increase_quantity(client, db):
    path = "/warehouse/products/abc123/increase_quantity"
    answer = client.post(path, {"quantity": 5}, content_type="application/json")
    assert (answer.status_code, answer.content) == (200, b"")
    [event] = eventstore.read(product_stream("abc123"))
    assert event.data == ProductQuantityIncreased("abc123", 5, 5)


def test_increase_quantity_refused_page(client, db):
    page = client.post(
        "/warehouse/products/abc123/increase_quantity",
        {"quantity": "five"},
        headers={"accept": "text/html"},
    )
    assert page.status_code == 422
    assert 'value="five"' in page.content.decode()
    assert '<span class="big">0</span> on hand' in page.content.decode()
