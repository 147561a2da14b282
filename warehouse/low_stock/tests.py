import pytest

from cqrs_example.eventstore import read_all
from cqrs_example.messaging import execute
from warehouse.tests.given import Move, move, received, shipped

from . import views
from .invariants import low_products
from .models import LowProduct
from .projection import project

ADDRESS = "/warehouse/low_stock"
notifying = pytest.mark.slices("low_product_quantity_notification")


def listed():
    rows = LowProduct.objects.order_by("sku")
    return [(row.sku, row.quantity, row.since, row.notified_at is not None) for row in rows]


@notifying
def test_low_until_there_are_enough_again(db):
    received("nut", 10)
    assert listed() == []
    first = shipped("nut", 6)
    assert listed() == [("nut", 4, first.occurred_at, True)]
    shipped("nut", 3)
    assert listed() == [("nut", 1, first.occurred_at, True)]
    received("nut", 4)
    assert listed() == [("nut", 5, first.occurred_at, True)]
    received("nut", 1)
    assert listed() == []
    again = shipped("nut", 1)
    assert listed() == [("nut", 5, again.occurred_at, True)]


def test_few_that_came_are_low_and_nobody_was_told(db):
    event = received("nut", 5)
    assert listed() == [("nut", 5, event.occurred_at, False)]


@notifying
def test_all_at_once_comes_to_the_same(db):
    for sku in ("b", "a", "c"):
        received(sku, 9)
        shipped(sku, 5)
    received("a", 5)
    received("b", 5)
    shipped("b", 9)
    one_by_one = listed()
    assert [row[0] for row in one_by_one] == ["b", "c"]
    LowProduct.objects.all().delete()
    project(list(read_all()))
    assert listed() == one_by_one


def test_invariant(db):
    received("a", 5)
    received("b", 50)
    assert list(low_products()) == []
    LowProduct.objects.create(sku="b", quantity=3, since="2026-01-01T00:00Z")
    LowProduct.objects.filter(sku="a").update(quantity=4)
    assert list(low_products()) == [
        "a: low stock says 4, its last event leaves 5",
        "b: low stock says 3, its last event leaves enough",
    ]


@notifying
def test_list(client, db):
    received("nut", 10)
    shipped("nut", 6)
    [row] = client.get(ADDRESS, headers={"accept": "application/json"}).json()
    assert (row["sku"], row["quantity"], row["since"] <= row["notified_at"]) == ("nut", 4, True)
    page = client.get(ADDRESS, headers={"accept": "text/html"}).content.decode()
    assert '<td class="number" data-label="On hand">4</td>' in page
    execute(move, Move("nut", 9))
    page = client.get(ADDRESS, headers={"accept": "text/html"}).content.decode()
    assert "No product is low: each has more than 5 on hand." in page


def test_totals_are_of_all_pages(client, db, monkeypatch):
    rows = [
        LowProduct(sku=f"s{n:03}", quantity=n % 3, since="2026-01-01T00:00Z") for n in range(60)
    ]
    LowProduct.objects.bulk_create(rows)
    for address in (ADDRESS, f"{ADDRESS}?after=s049", f"{ADDRESS}?sort=-quantity"):
        page = client.get(address, headers={"accept": "text/html"}).content.decode()
        assert "60 products, 60 units, 20 out; low means 5 or fewer on hand." in page
    monkeypatch.setattr(views, "COUNTED", 60)
    page = client.get(ADDRESS, headers={"accept": "text/html"}).content.decode()
    assert "60 products, 60 units" in page
    monkeypatch.setattr(views, "COUNTED", 59)
    page = client.get(ADDRESS, headers={"accept": "text/html"}).content.decode()
    assert "More than 59 products; low means" in page
