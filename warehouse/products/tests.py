from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import IntegrityError, connection

from cqrs_example.eventstore import Event, RecordedEvent, StreamName, read_all
from cqrs_example.messaging import Transaction, execute
from warehouse.events import (
    ProductQuantityIncreased,
    ProductQuantityShipped,
)

from . import looking
from .checks import INDEX
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


HTML = {"accept": "text/html"}
DAY = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = {
    "": ["sku"],
    "sku": ["sku"],
    "-sku": ["-sku"],
    "quantity": ["quantity", "sku"],
    "-quantity": ["-quantity", "-sku"],
    "changed_at": ["changed_at", "sku"],
    "-changed_at": ["-changed_at", "-sku"],
}


@pytest.fixture
def stock(db):
    """Many that are equal in what they are sorted by."""
    Product.objects.bulk_create(
        Product(sku=f"p{n:03}", quantity=n % 3, changed_at=DAY + timedelta(hours=n % 5))
        for n in range(120)
    )


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize(("sort", "order"), ORDERS.items())
def test_each_order_page_by_page_and_back(client, sort, order):
    whole = list(Product.objects.order_by(*order).values_list("sku", flat=True))
    listed, key = [], {}
    while key is not None:
        page = client.get(LIST, {"sort": sort, **key}, headers=HTML).context
        listed += [row.sku for row in page["rows"]]
        key = page["on"] and {"after": page["on"]}
    assert listed == whole
    page = client.get(LIST, {"sort": sort, "before": page["back"]}, headers=HTML).context
    assert [row.sku for row in page["rows"]] == whole[50:100]
    page = client.get(LIST, {"sort": sort, "before": page["back"]}, headers=HTML).context
    assert [row.sku for row in page["rows"]] == whole[:50]
    assert page["back"] is None
    assert [row["sku"] for row in client.get(LIST, {"sort": sort}).json()] == whole


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize("sort", ["quantity", "-quantity", "changed_at", "-changed_at"])
def test_a_page_is_read_from_an_index(client, django_assert_num_queries, sort):
    first = client.get(LIST, {"sort": sort}, headers=HTML).context["on"]
    with django_assert_num_queries(2) as captured:
        client.get(LIST, {"sort": sort, "after": first}, headers=HTML)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {captured.captured_queries[0]['sql']}")
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (ROW(" in plan
    assert "Sort" not in plan


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"sort": "colour"}, "Sort by sku, quantity, changed_at, or by one of them with a -"),
        ({"sort": "--sku"}, "not by '--sku'"),
        (
            {"sort": "quantity", "after": "5"},
            "There is no such page: a key has the form quantity/sku",
        ),
        ({"sort": "quantity", "after": "x/a"}, "There is no such page: "),
        ({"sort": "changed_at", "after": "2026-01-01/a"}, "names no zone"),
    ],
)
def test_order_that_is_none(client, query, sentence):
    answer = client.get(LIST, query, headers=HTML)
    assert answer.status_code == 400
    assert sentence in answer.context["error"].args[0]


def skus(client, **query):
    return [row["sku"] for row in client.get(LIST, query).json()]


@pytest.fixture
def bolts(db):
    for sku in ("bolt-06", "big-bolt", "nut_6", "nut%6", "Bolt-06"):
        record(ProductQuantityIncreased(sku, 5, 5))


@pytest.mark.usefixtures("bolts")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bolt", ["big-bolt", "bolt-06"]),
        ("-06", ["Bolt-06", "bolt-06"]),
        ("b", ["big-bolt", "bolt-06"]),  # short: they begin so
        ("-0", []),
        ("ut_6", ["nut_6"]),
        ("ut%6", ["nut%6"]),
        ("xyz", []),
    ],
)
@pytest.mark.parametrize("index", [True, False])
def test_search_inside_of_skus_finds_the_same_without_an_index(client, index, text, found):
    if not index:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX IF EXISTS {INDEX}")
    assert skus(client, q=text) == found


@pytest.mark.usefixtures("bolts")
def test_search_says_whether_it_looks_inside(client, monkeypatch):
    def says(text):
        return client.get(LIST, {"q": text}, headers=HTML).content.decode()

    assert "2 products, 10 units whose SKUs contain “<bdi>bolt</bdi>”" in says("bolt")
    assert "whose SKUs begin with “<bdi>b</bdi>”" in says("b")
    monkeypatch.setattr(looking, "COUNTED", 0)
    assert "More than 0 products whose SKUs begin with “<bdi>bolt</bdi>”" in says("bolt")
    assert skus(client, q="bolt") == ["bolt-06"]


@pytest.mark.usefixtures("stock")
def test_totals_of_many_are_an_estimate_that_says_so(client, monkeypatch):
    def says(**query):
        return client.get(LIST, query, headers=HTML).content.decode()

    assert "120 products, 120 units;" in says()
    monkeypatch.setattr(looking, "COUNTED", 100)
    assert "More than 100 products;" in says()  # Postgres has not looked yet
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE warehouse_products_product")
    assert "About 120 products, about 120 units (estimated);" in says()
    assert "40 products, 0 units;" in says(show="out")
    monkeypatch.setattr(looking, "COUNTED", 10)
    assert "More than 10 products;" in says(show="out")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_have_the_index_is_migrated_and_says_so():
    migration = import_module("warehouse.products.migrations.0002_orders_and_search")
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION IF EXISTS pg_trgm CASCADE")
        cursor.execute("CREATE ROLE of_a_test; SET ROLE of_a_test")
        try:
            with connection.schema_editor(atomic=False) as editor:
                migration._search(None, editor)
        finally:
            cursor.execute("RESET ROLE; DROP ROLE of_a_test")
        said = [one.id for one in run_checks(tags=["database"], databases=["default"])]
        assert "products.I001" in said
        with connection.schema_editor(atomic=False) as editor:
            migration._search(None, editor)
        said = [one.id for one in run_checks(tags=["database"], databases=["default"])]
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
        assert ("products.I001" in said) == (cursor.fetchone() == (0,))


@pytest.mark.usefixtures("stock")
def test_the_file_has_the_order_of_the_page(client):
    answer = client.get(LIST, {"format": "csv", "sort": "-quantity", "q": "p11"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:4]] == ["p119", "p116", "p113"]
