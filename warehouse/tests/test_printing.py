"""Lists as a page for paper: all rows, not only those of the page that is shown, and no forms."""

import re
import tracemalloc
from itertools import count, repeat

import pytest
from django.test import RequestFactory

from cqrs_example.eventstore import read_all
from cqrs_example.http import printed
from cqrs_example.http.paging import SHOWN
from cqrs_example.http.printed import as_printed

from .given import received, shipped

slices = pytest.mark.slices


def text_of(answer):
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return b"".join(answer.streaming_content).decode()


def rows_of(text):
    rows = re.findall("<tr>(.*?)</tr>", text, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(?:<bdi>)?(.*?)(?:</bdi>)?</t[hd]>", row) for row in rows]
    return cells[0], cells[1:]


@pytest.fixture
def paper(client, db):
    for number in range(SHOWN + 5):
        received(f"bolt-{number:02}", 2000)
    shipped("bolt-00", 1999)
    return lambda address: text_of(client.get(address, headers={"accept": "text/html"}))


@slices("products")
def test_stock(paper):
    text = paper("/warehouse/products?format=print")
    header, rows = rows_of(text)
    assert header == ["SKU", "Quantity", "Changed at"]
    assert len(rows) == SHOWN + 5
    assert rows[1][:2] == ["bolt-01", "2,000"]
    assert "<form" not in text.partition("<main")[2]
    assert 'hidden id="more"' in text


@slices("products")
def test_what_is_filtered_is_said(paper):
    text = paper("/warehouse/products?q=bolt-0&nonsense=yes&format=print")
    assert len(rows_of(text)[1]) == 10
    assert "q: <bdi>bolt-0</bdi>" in text
    assert "nonsense" not in text.partition("<main")[2]


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("/warehouse/products?show=nonsense", marks=slices("products")),
        pytest.param("/warehouse/activity?type=nonsense", marks=slices("activity")),
        pytest.param("/warehouse/products/bolt-00?show=nonsense", marks=slices("product_history")),
        pytest.param("/warehouse/low_stock?show=nonsense", marks=slices("low_stock")),
        pytest.param("/warehouse/shipping_report?type=nonsense", marks=slices("shipping_report")),
    ],
)
def test_a_filter_that_there_is_not_is_not_said_to_hold(paper, address):
    text = paper(f"{address}&format=print")
    assert rows_of(text)[1]
    assert "nonsense" not in text.partition("<main")[2]


@slices("activity", "shipping_report")
def test_the_days_are_said(paper):
    for address in ("activity", "shipping_report"):
        text = paper(f"/warehouse/{address}?since=2020-02-03&format=print")
        assert "since: <bdi>2020-02-03</bdi>" in text
        assert "until" not in text.partition("<main")[2]


@slices("activity")
def test_times_are_in_the_zone_that_the_page_says(paper, client):
    client.cookies["time_zone"] = "Asia/Tokyo"
    text = paper("/warehouse/activity?format=print")
    _, [row, *_] = rows_of(text)
    occurred_at = next(iter(read_all())).occurred_at
    assert f"{occurred_at:%Y-%m-%d}" in " ".join(row)
    assert re.search(r"As of [0-9-]{10} [0-9:]{5}, and all times in UTC", text)
    assert "Tokyo" not in text


@slices("shipping_report")
def test_report(paper):
    header, [row] = rows_of(paper("/warehouse/shipping_report?format=print"))
    assert header == ["Day", "SKU", "Shipments", "Quantity"]
    assert row[1:] == ["bolt-00", "1", "1,999"]


@slices("product_history")
def test_history(paper):
    text = paper("/warehouse/products/bolt-00?format=print")
    assert "<h1>History of bolt-00</h1>" in text
    assert [row[0] for row in rows_of(text)[1]] == ["2", "1"]


@slices("low_stock")
def test_low_stock(paper):
    [row] = rows_of(paper("/warehouse/low_stock?format=print"))[1]
    assert row[:2] == ["bolt-00", "1"]


@slices("activity")
def test_activity(paper):
    rows = rows_of(paper("/warehouse/activity?format=print"))[1]
    assert len(rows) >= SHOWN + 6


def printed_page(rows):
    return as_printed(RequestFactory().get("/"), "A list", ("SKU", "quantity"), rows)


def test_nothing_in_a_cell_is_markup():
    text = text_of(printed_page([("<b>&", 5)]))
    assert rows_of(text)[1] == [["&lt;b&gt;&amp;", "5"]]


@pytest.mark.parametrize(("there", "is_whole"), [(4000, True), (4001, False)])
def test_it_ends_somewhere_and_says_so(monkeypatch, there, is_whole):
    monkeypatch.setattr(printed, "MOST_ROWS", 4000)
    text = text_of(printed_page(zip(range(there), repeat(1), strict=False)))
    assert len(rows_of(text)[1]) == 4000
    assert ('hidden id="more"' in text) == is_whole
    assert "There are more than 4,000 rows" in text


def test_flat_memory():
    tracemalloc.start()
    try:
        for _ in printed_page((f"sku-{number}", number) for number in count()).streaming_content:
            pass
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
