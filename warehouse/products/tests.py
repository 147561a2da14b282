from dataclasses import dataclass
from typing import Any

import pytest
from django.db import IntegrityError

from cqrs_example.eventstore import Event, RecordedEvent, StreamName, read_all
from cqrs_example.messaging import Transaction, execute
from warehouse.events import (
    ProductQuantityIncreased,
    ProductQuantityShipped,
)

from .models import Product
from .projection import project

LIST = "/warehouse/products"


@dataclass(frozen=True)
class Record:
    """An event as if a command had decided on it: this slice needs none of them."""

    event: Event


def handle(tx: Transaction, command: Record) -> list[RecordedEvent[Any]]:
    [product] = tx.lock(StreamName[Any]("product-of-the-test"))
    return tx.append(product, [command.event])


def record(*events: Event) -> None:
    for event in events:
        execute(handle, Record(event))


def products() -> dict[str, int]:
    return dict(Product.objects.values_list("sku", "quantity"))


@pytest.mark.parametrize(
    ("events", "then"),
    [
        ([], {}),
        ([ProductQuantityIncreased("a", 5, 5)], {"a": 5}),
        (
            [ProductQuantityIncreased("a", 9, 9), ProductQuantityShipped("a", 2, 7, "A-1001")],
            {"a": 7},
        ),
        (
            [ProductQuantityIncreased("a", 9, 9), ProductQuantityShipped("a", 9, 0, "A-1001")],
            {"a": 0},
        ),
        (
            [ProductQuantityIncreased("a", 9, 9), ProductQuantityIncreased("b", 8, 8)],
            {"a": 9, "b": 8},
        ),
        ([ProductQuantityIncreased("a", 1, 2**63 - 1)], {"a": 2**63 - 1}),
    ],
)
def test_project(db, events, then):
    record(*events)
    assert products() == then
    Product.objects.all().delete()
    project(list(read_all()))  # all at once: a product comes twice
    assert products() == then


def test_project_tells_when_a_product_changed(db):
    record(ProductQuantityIncreased("a", 5, 5), ProductQuantityShipped("a", 1, 4, "A-1001"))
    _, shipped, *_ = read_all()
    assert Product.objects.get().changed_at == shipped.occurred_at


def test_project_never_below_zero(db):
    with pytest.raises(IntegrityError):
        record(ProductQuantityShipped("a", 1, -1, "A-1001"))
    assert products() == {}


def test_list(client, db):
    assert client.get(LIST).content == b"[]"
    record(ProductQuantityIncreased("b", 5, 5), ProductQuantityIncreased("a", 6, 6))
    assert client.get(LIST).content == b'[{"quantity":6,"sku":"a"},{"quantity":5,"sku":"b"}]'


def test_first_page_of_all_is_the_list(client, db):
    assert client.get("/")["Location"] == LIST


def test_list_page_of_nothing(client, db):
    text = client.get(LIST, headers={"accept": "text/html"}).content.decode()
    assert "Nothing in stock yet" in text


def test_list_is_ordered_by_code_point_and_keeps_what_is_out(client, db):
    skus = ["10", "9", "B", "a", "a b", "b", "é"]
    record(*[ProductQuantityIncreased(sku, 1, 1) for sku in reversed(skus)])
    record(ProductQuantityShipped("B", 1, 0, "A-1001"))
    listed = client.get(LIST).json()
    assert [product["sku"] for product in listed] == skus
    assert listed[2]["quantity"] == 0


def test_list_page(client, db):
    record(ProductQuantityIncreased("b", 5, 5), ProductQuantityIncreased("a", 6, 6))
    page = client.get(LIST, headers={"accept": "text/html"}).content.decode()
    assert page.count('<span class="badge low">Low</span>') == 1
    assert page.index(">6</td>") < page.index(">5</td>")
