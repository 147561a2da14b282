from uuid import UUID

import pytest
from django.db import transaction

from cqrs_example import eventstore
from cqrs_example.messaging import Context, DomainError, Repeated, execute
from warehouse.events import (
    ProductEvent,
    ProductQuantityCounted,
    ProductQuantityIncreased,
    low_product_quantity_notification_stream,
    product_stream,
)

from .command import CountProductQuantity, decide, handle

COUNT = "/warehouse/products/abc123/count_quantity"
MOST = 2**31 - 1
KEY = UUID("4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90")


def last() -> ProductEvent | None:
    event = eventstore.last_event(product_stream("abc123"))
    return event.data if event else None


@pytest.fixture
def stocked(db):
    """10 of abc123 are there, as far as anybody knows."""
    with transaction.atomic():
        [product] = eventstore.lock(product_stream("abc123"))
        eventstore.append(product, [ProductQuantityIncreased("abc123", 10, 10)])


@pytest.mark.parametrize(
    ("on_hand", "counted", "difference"),
    [
        (10, 7, -3),
        (10, 10, 0),
        (10, 12, 2),
        (10, 0, -10),
        (0, 0, 0),
        (None, 5, 5),
        (2**63 - 1, 0, 1 - 2**63),
    ],
)
def test_decide(on_hand, counted, difference):
    events = decide(on_hand, CountProductQuantity("abc123", counted, "stocktake"))
    assert events == [ProductQuantityCounted("abc123", difference, counted, "stocktake")]


def test_decide_nothing_of_an_unknown_product():
    with pytest.raises(DomainError, match=r"^There is no product abc123, so nothing of it can be"):
        decide(None, CountProductQuantity("abc123", 0))


@pytest.mark.usefixtures("stocked")
def test_handle_goes_on_from_the_last_event():
    recorded = [execute(handle, CountProductQuantity("abc123", n))[0] for n in (7, 7, 0, 0)]
    assert [(event.version, event.data.difference) for event in recorded] == [
        (2, -3),
        (3, 0),
        (4, -7),
        (5, 0),
    ]


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"quantity": 7, "reason": " two were broken "}, "two were broken"),
        ({"quantity": 7, "reason": "e\u0301"}, "\u00e9"),
        ({"quantity": 7, "reason": "x" * 200}, "x" * 200),
        *(({"quantity": 7, "reason": none}, "") for none in ("", " ", None)),
        ({"quantity": 7}, ""),
    ],
)
def test_count_quantity(client, body, reason):
    answer = client.post(COUNT, body, content_type="application/json")
    assert (answer.status_code, answer.content) == (200, b"")
    assert last() == ProductQuantityCounted("abc123", -3, 7, reason)


@pytest.mark.slices("product_history")
@pytest.mark.parametrize("quantity", [1, MOST])
def test_count_quantity_begins_a_product(client, db, quantity):
    answer = client.post(COUNT, {"quantity": quantity}, content_type="application/json")
    assert answer.status_code == 200
    assert last() == ProductQuantityCounted("abc123", quantity, quantity, "")
    product = client.get("/warehouse/products/abc123", headers={"accept": "application/json"})
    assert product.json() == {"sku": "abc123", "quantity": quantity, "version": 1}


def test_count_quantity_nothing_of_an_unknown_product(client, db):
    answer = client.post(
        COUNT, {"quantity": 0}, content_type="application/json", headers={"accept": "*/*"}
    )
    assert answer.status_code == 400
    assert answer.content == b"There is no product abc123, so nothing of it can be missing."
    assert last() is None


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("quantity", [-1, 2**31, 5.0, 0.5, "5", True, None, [], {}])
def test_count_quantity_wrong_quantity(client, quantity):
    answer = client.post(COUNT, {"quantity": quantity}, content_type="application/json")
    assert answer.status_code == 400
    assert last() == ProductQuantityIncreased("abc123", 10, 10)


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("reason", [5, True, ["A"], {}, "x" * 201, "a\u202eb", "a\nb"])
def test_count_quantity_wrong_reason(client, reason):
    body = {"quantity": 3, "reason": reason}
    answer = client.post(COUNT, body, content_type="application/json", headers={"accept": "*/*"})
    assert answer.status_code == 400
    assert answer.content.startswith(b"The reason ")
    assert last() == ProductQuantityIncreased("abc123", 10, 10)


@pytest.mark.usefixtures("stocked")
def test_count_quantity_refused_page(client):
    page = client.post(
        COUNT, {"quantity": "eleven", "reason": "two broken"}, headers={"accept": "text/html"}
    )
    assert page.status_code == 422
    text = page.content.decode()
    assert 'value="eleven"' in text
    assert 'value="two broken"' in text
    assert '<span class="big">10</span> on hand' in text


@pytest.mark.usefixtures("stocked")
def test_count_that_is_sent_again_is_not_done_again():
    command = CountProductQuantity("abc123", 7)
    first, second = (execute(handle, command, Context(KEY)) for _ in range(2))
    assert not isinstance(first, Repeated)
    assert isinstance(second, Repeated)
    assert first == second
    assert last() == ProductQuantityCounted("abc123", -3, 7, "")


@pytest.mark.slices("low_product_quantity_notification")
@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(
    ("counts", "notified"),
    [((6,), []), ((5,), [5]), ((5, 5), [5]), ((5, 0), [5, 0]), ((0, 3), [0]), ((20, 4), [4])],
    ids=str,
)
def test_count_that_lowers_the_stock_to_few_notifies(counts, notified):
    for quantity in counts:
        execute(handle, CountProductQuantity("abc123", quantity))
    stream = eventstore.read(low_product_quantity_notification_stream("abc123"))
    assert [event.data.quantity_on_hand for event in stream] == notified
