from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from cqrs_example import eventstore
from warehouse.events import (
    ProductEvent,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    product_stream,
)

from .chart import step_chart

PRODUCT = "/warehouse/products/abc123"


def record(*events: ProductEvent) -> None:
    with transaction.atomic():
        [product] = eventstore.lock(product_stream("abc123"))
        eventstore.append(product, events, metadata={"actor": "clerk"})


def page(client) -> str:
    text: str = client.get(PRODUCT, headers={"accept": "text/html"}).content.decode()
    return text


@pytest.mark.django_db
def test_product(client):
    record(
        ProductQuantityIncreased("abc123", 10, 10), ProductQuantityShipped("abc123", 3, 7, "A-1001")
    )
    assert client.get(PRODUCT).json() == {"sku": "abc123", "quantity": 7, "version": 2}


@pytest.mark.django_db
def test_product_unknown(client):
    assert client.get(PRODUCT).status_code == 404
    assert "There is no product abc123" in client.get(PRODUCT).content.decode()
    assert "There is no such product yet" in page(client)


@pytest.mark.django_db
@pytest.mark.slices("increase_product_quantity", "ship_product_quantity")
def test_product_unknown_can_be_received_and_not_shipped(client):
    text = page(client)
    assert f'action="{PRODUCT}/increase_quantity"' in text
    assert f'action="{PRODUCT}/ship_quantity"' not in text


@pytest.mark.django_db
def test_product_page_tells_its_history_newest_first(client):
    record(
        ProductQuantityIncreased("abc123", 10, 10),
        ProductQuantityShipped("abc123", 10, 0, "A-1001"),
    )
    text = page(client)
    assert '<span class="big">0</span> on hand' in text
    assert text.index(">Shipped 10 <") < text.index(">Received 10<")
    assert text.count(">clerk</td>") == 2


@pytest.mark.django_db
def test_product_page_of_a_long_history(client):
    record(*[ProductQuantityIncreased("abc123", 1, n) for n in range(1, 53)])
    text = page(client)
    assert '<span class="big">52</span> on hand' in text
    assert text.count(">Received 1<") == 50
    assert 'data-label="On hand">3</td>' in text
    assert 'data-label="On hand">2</td>' not in text


def test_chart_is_over_time():
    chart = step_chart([event(minutes=0, left=10), event(minutes=9, left=0)], low=5)
    assert chart["path"] == "M0 0.0V0.0H616.0V160.0H640"
    assert (chart["threshold"], chart["most"]) == (80.0, 10)


def test_chart_of_one_moment_and_of_an_import_that_goes_back_in_time():
    one = step_chart([event(minutes=0, left=10)], low=5)
    assert one["path"] == "M0 0.0V0.0H640"
    back = step_chart([event(minutes=5, left=10), event(minutes=0, left=5)], low=5)
    assert back["path"] == "M0 0.0V0.0H0.0V80.0H640"


def event(minutes: int, left: int) -> eventstore.RecordedEvent[ProductEvent]:
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    data = ProductQuantityShipped("abc123", 1, left, "A-1001")
    row = (1, uuid4(), "product-abc123", 1, data.type, 1, "{}", uuid4(), uuid4(), "{}")
    return eventstore.RecordedEvent((*row, at.isoformat(), at.isoformat()), data)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("version", "answer"),
    [("1", 10), ("2", 7), ("0", None), ("3", None), ("-1", None), ("x", None), ("²", None)],
)
def test_product_as_of(client, version, answer):
    record(
        ProductQuantityIncreased("abc123", 10, 10), ProductQuantityShipped("abc123", 3, 7, "A-1001")
    )
    found = client.get(PRODUCT, {"version": version})
    if answer is None:
        assert found.status_code == 404
    else:
        assert found.json() == {"sku": "abc123", "quantity": answer, "version": int(version)}


def test_page_shows_shipments_from_before_they_had_a_reference(client, db, rows):
    """As an earlier release recorded them, in version 1; and what comes after them."""
    record(ProductQuantityIncreased("abc123", 10, 10))
    rows(
        "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
        " correlation_id, causation_id, metadata, recorded_at, occurred_at)"
        " SELECT gen_random_uuid(), stream, 2, 'warehouse.ProductQuantityShipped', 1,"
        """ '{"sku": "abc123", "quantity": 3, "quantity_on_hand": 7}', correlation_id,"""
        " causation_id, metadata, now(), now() FROM eventstore_event RETURNING position"
    )
    record(ProductQuantityShipped("abc123", 2, 5, "<b>A-1001</b>"))
    page = client.get(PRODUCT, headers={"accept": "text/html"}).content
    assert page.count(b"order number: not recorded") == 1
    assert page.count(b"order number: &lt;b&gt;A-1001&lt;/b&gt;") == 1
    assert client.get(PRODUCT, {"version": "2"}).json()["quantity"] == 7


@pytest.mark.django_db
def test_address_to_find_a_product_leads_to_it(client):
    answer = client.get("/warehouse/product?sku=abc123", headers={"accept": "application/json"})
    assert (answer.status_code, answer["Location"]) == (302, PRODUCT)
