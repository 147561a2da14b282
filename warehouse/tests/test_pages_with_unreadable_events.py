"""A page that looks at a stream shows what it can read, and says of the rest that it cannot."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from cqrs_example import eventstore
from warehouse.events import ProductQuantityIncreased, product_stream

history = pytest.mark.slices("product_history")
PRODUCT = "/warehouse/products/abc123"
PAGE = {"accept": "text/html"}
STORED = {
    "of a newer schema version": ("warehouse.ProductQuantityShipped", 99, '{"sku": "abc123"}'),
    "of an unknown type": ("warehouse.Sold", 1, '{"sku": "abc123"}'),
    "without a field": ("warehouse.ProductQuantityIncreased", 1, '{"sku": "abc123"}'),
    "no object": ("warehouse.ProductQuantityIncreased", 1, "[]"),
}


@pytest.fixture(params=STORED)
def unreadable(request: Any, db: None, rows: Callable[..., Any]) -> int:
    """The version of the last event, before which there is one that can be read."""
    with transaction.atomic():
        [product] = eventstore.lock(product_stream("abc123"))
        eventstore.append(product, [ProductQuantityIncreased("abc123", 10, 10)])
    rows(
        "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
        " correlation_id, causation_id, metadata, recorded_at, occurred_at)"
        " SELECT gen_random_uuid(), stream, 2, %s, %s, %s, correlation_id, causation_id,"
        " metadata, now(), now() FROM eventstore_event RETURNING position",
        *STORED[request.param],
    )
    return 2


@history
def test_the_page_of_a_product(client: Client, unreadable: int) -> None:
    page = client.get(PRODUCT, headers=PAGE)
    assert page.status_code == 200
    assert page.text.count("This event cannot be read.") == 2  # above, and in the history
    assert ">Received 10<" in page.text
    assert "<polyline" in page.text or "<path" in page.text
    assert "on hand</p>" not in page.text


@history
def test_a_version_of_before(client: Client, unreadable: int) -> None:
    before = client.get(PRODUCT, {"version": unreadable - 1})
    assert before.json()["quantity"] == 10
    assert client.get(PRODUCT, {"version": unreadable - 1}, headers=PAGE).status_code == 200


@history
def test_a_program_reads_a_sentence_and_no_quantity(client: Client, unreadable: int) -> None:
    client.raise_request_exception = False
    answer = client.get(PRODUCT)
    assert answer.status_code == 500
    assert f"Version {unreadable} of product abc123: This event cannot be read." in answer.text


@history
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(f"{deed}_quantity", marks=pytest.mark.slices(f"{deed}_product_quantity"))
        for deed in ("increase", "ship", "count")
    ],
)
def test_a_form_that_is_refused(client: Client, unreadable: int, command: str) -> None:
    """It shows what is on hand beside the mistake; it must not claim that this were none."""
    page = client.post(f"{PRODUCT}/{command}", {"quantity": "x"}, headers=PAGE)
    assert page.status_code == 422
    assert "This event cannot be read." in page.text
    assert ">0</span> on hand" not in page.text


@pytest.mark.slices("activity")
def test_activity(client: Client, unreadable: int) -> None:
    assert "This event cannot be read." in client.get("/warehouse/activity", headers=PAGE).text
