from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from cqrs_example import eventstore
from warehouse.events import (
    ProductEvent,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    product_stream,
)

from .chart import Step, step_chart, steps_of

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


BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def step(minutes: int, *quantities: int) -> Step:
    at = BEGIN + timedelta(minutes=minutes)
    return Step(at, at, min(quantities), max(quantities), quantities[-1])


def test_chart_is_over_time_and_begins_at_zero():
    chart = step_chart([step(0, 10), step(9, 0)], low=5)
    assert chart["path"] == "M0 0.0H0.0V0.0H640.0V160.0H640"
    assert (chart["threshold"], chart["low_at"]) == (80.0, "50.0%")
    assert [number for number, *_ in chart["ticks"]] == [0, 2, 4, 6, 8, 10]
    assert chart["ticks"][0] == (0, "100.0%", 160.0)
    assert chart["dates"] == (
        BEGIN,
        BEGIN + timedelta(minutes=4.5),
        BEGIN + timedelta(minutes=9),
    )


def test_chart_of_one_moment_and_of_an_import_that_goes_back_in_time():
    one = step_chart([step(0, 10)], low=5)
    assert one["path"] == "M0 0.0H0.0V0.0H640"
    back = step_chart([step(5, 10), step(0, 5)], low=5)
    assert back["path"] == "M0 0.0H640.0V0.0H640.0V80.0H640"


def test_chart_shows_all_that_a_step_stands_for():
    chart = step_chart([step(0, 5, 10, 0, 5)], low=5)
    assert chart["path"] == "M0 160.0H0.0V160.0V0.0V80.0H640"
    assert (chart["lowest"], chart["highest"], chart["last"]) == (0, 10, 5)


@pytest.mark.parametrize(
    ("most", "ticks"),
    [(10, 6), (11, 4), (50, 6), (51, 4), (99, 6), (2_000_000_000, 5), (2**63 - 1, 6)],
)
def test_ticks_are_round_and_few(most, ticks):
    numbers = [number for number, *_ in step_chart([step(0, most)], low=5)["ticks"]]
    assert len(numbers) == ticks
    assert numbers[-1] >= most
    assert str(numbers[1]).strip("0") in ("1", "2", "5")


@pytest.mark.django_db
def test_chart_has_the_whole_stream_and_its_exact_extremes():
    """More events than there are steps: one peak and one low among them."""
    quantities = [50] * 1000
    quantities[121], quantities[777] = 9999, 1
    record(*[ProductQuantityIncreased("abc123", 1, quantity) for quantity in quantities])
    steps, each = steps_of(product_stream("abc123"), 1000)
    assert (len(steps), each) == (250, 4)
    assert [number for number, one in enumerate(steps) if one.highest == 9999] == [121 // 4]
    assert [number for number, one in enumerate(steps) if one.lowest == 1] == [777 // 4]
    assert {one.last for one in steps} == {50}
    assert max(one.highest for one in steps_of(product_stream("abc123"), 121)[0]) == 50


@pytest.mark.django_db
def test_chart_says_what_it_shows(client):
    record(*[ProductQuantityIncreased("abc123", 1000, 1000 * n) for n in range(1, 401)])
    text = page(client)
    assert "between 1,000 and 400,000, 400,000 at the end." in text
    assert "Each step stands for 2 events" in text
    assert 'y="0.0%">400,000</text>' in text


@pytest.mark.django_db
def test_chart_leaves_out_what_nobody_can_read(client, rows):
    record(
        ProductQuantityIncreased("abc123", 10, 10), ProductQuantityShipped("abc123", 3, 7, "A-1001")
    )
    for number, quantity in enumerate(['"many"', "null", "[1]"], 3):
        rows(
            "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
            " correlation_id, causation_id, metadata, recorded_at, occurred_at)"
            " SELECT gen_random_uuid(), stream, %s, type, 1,"
            " jsonb_build_object('quantity_on_hand', %s::jsonb), correlation_id, causation_id,"
            " metadata, now(), now() FROM eventstore_event WHERE version = 1 RETURNING position",
            number,
            quantity,
        )
    assert "between 7 and 10, 7 at the end." in page(client)


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
