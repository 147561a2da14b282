import pytest
from django.db import transaction

from cqrs_example import eventstore
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped, product_stream

PRODUCT = "/warehouse/products/abc123"


def record(*events: eventstore.Event) -> None:
    with transaction.atomic():
        [product] = eventstore.lock(product_stream("abc123"))
        eventstore.append(product, events, metadata={"actor": "clerk"})


def page(client) -> str:
    text: str = client.get(PRODUCT, headers={"accept": "text/html"}).content.decode()
    return text


@pytest.mark.django_db
def test_product(client):
    record(ProductQuantityIncreased("abc123", 10, 10), ProductQuantityShipped("abc123", 3, 7))
    assert client.get(PRODUCT).json() == {"sku": "abc123", "quantity": 7, "version": 2}


@pytest.mark.django_db
def test_product_unknown(client):
    assert client.get(PRODUCT).status_code == 404
    assert "There is no such product yet" in page(client)


@pytest.mark.django_db
def test_product_page_tells_its_history_newest_first(client):
    record(ProductQuantityIncreased("abc123", 10, 10), ProductQuantityShipped("abc123", 10, 0))
    text = page(client)
    assert '<span class="big">0</span> on hand' in text
    assert text.index("Shipped 10 of abc123") < text.index("Received 10 of abc123")
    assert text.count("<td>clerk</td>") == 2


@pytest.mark.django_db
def test_product_page_of_a_long_history(client):
    record(*[ProductQuantityIncreased("abc123", 1, n) for n in range(1, 53)])
    text = page(client)
    assert '<span class="big">52</span> on hand' in text
    assert text.count("<td>Received 1 of abc123") == 50
    assert "<td>Received 1 of abc123, 3 on hand</td>" in text
    assert "<td>Received 1 of abc123, 2 on hand</td>" not in text
