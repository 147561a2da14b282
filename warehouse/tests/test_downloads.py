"""Lists as files for spreadsheets: all that is filtered, in flat memory, and no formula."""

import csv
import io
import tracemalloc

import pytest

from cqrs_example.http.streamed import as_csv

from .given import received, shipped

slices = pytest.mark.slices


def rows_of(answer):
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.fixture
def download(client, db):
    for sku in ("bolt", "=nut", "bolt-2"):
        received(sku, 10)
    shipped("bolt", 4)
    return lambda address: rows_of(client.get(address, headers={"accept": "text/html"}))


@slices("products")
def test_stock(download):
    rows = download("/warehouse/products?q=bolt&format=csv")
    assert [row[:2] for row in rows] == [["sku", "quantity"], ["bolt", "6"], ["bolt-2", "10"]]


@slices("products")
def test_no_formula(download):
    rows = download("/warehouse/products?format=csv")
    assert rows[1][0] == "'=nut"


@slices("shipping_report")
def test_report(download):
    header, row = download("/warehouse/shipping_report?sku=bolt&format=csv")
    assert header == ["day", "sku", "shipments", "quantity"]
    assert row[1:] == ["bolt", "1", "4"]


@slices("activity")
def test_activity(download):
    rows = download("/warehouse/activity?type=warehouse.ProductQuantityShipped&format=csv")
    assert [row[-1] for row in rows] == ["sentence", "Shipped 4 of bolt, 6 left"]
    everything = download("/warehouse/activity?format=csv")
    assert len(everything) == 5
    assert everything[1][-1] == "Shipped 4 of bolt, 6 left"


@slices("product_history")
def test_history(download):
    header, newest, oldest = download("/warehouse/products/bolt?format=csv")
    assert header[3:] == ["what", "note", "change", "on_hand_after"]
    assert newest[3:] == ["Shipped 4", "order number: not given", "-4", "6"]
    assert oldest[3:] == ["Received 10", "", "10", "10"]
    assert download("/warehouse/products/bolt?version=1&format=csv") == [header, oldest]


def test_any_number_of_rows_takes_the_same_memory():
    def most_bytes(number):
        rows = (("abc", n) for n in range(number))
        tracemalloc.start()
        for _ in as_csv("a.csv", ("a", "b"), rows):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert most_bytes(100_000) < 1.5 * most_bytes(10_000)
