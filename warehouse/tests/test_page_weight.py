"""What a page weighs on its way: with the longest SKUs it is compressed to a few KB."""

import gzip

import pytest

from cqrs_example.http.paging import SHOWN

from .given import received, shipped

MOST = 100_000
slices = pytest.mark.slices


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/warehouse/products", marks=slices("products")),
        pytest.param(f"/warehouse/products/{'W' * 64}", marks=slices("product_history")),
        pytest.param("/warehouse/low_stock", marks=slices("low_stock")),
        pytest.param("/warehouse/activity", marks=slices("activity")),
        pytest.param("/warehouse/shipping_report", marks=slices("shipping_report")),
    ],
)
def test_a_full_page_is_light_and_compressed(server, path):
    for number in range(SHOWN):
        sku = f"{number:064}"
        received(sku, 10)
        shipped(sku, 9)
        received("W" * 64, 1)
    whole = server("GET", path, Accept="text/html")
    assert whole.headers["Content-Encoding"] is None
    small = server("GET", path, Accept="text/html", Accept_Encoding="gzip")
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert b"</html>" in gzip.decompress(small.body)
    assert len(small.body) < MOST / 5


def test_static_files_are_compressed(server):
    style = server("GET", "/static/warehouse.css", Accept_Encoding="gzip")
    assert style.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_static_files_are_not_sent_again(server, encoding):
    style = server("GET", "/static/warehouse.css", Accept_Encoding=encoding)
    known = {"If_None_Match": style.headers["ETag"], "Accept_Encoding": encoding}
    again = server("GET", "/static/warehouse.css", **known)
    assert (style.status, again.status, again.body) == (200, 304, b"")
    known["If_None_Match"] = 'W/"another"'
    assert server("GET", "/static/warehouse.css", **known).status == 200


@slices("products")
def test_a_secret_is_not_to_be_guessed_from_lengths(server):
    received("abc", 10)
    lengths = {
        len(server("GET", "/warehouse/products", Accept_Encoding="gzip", Accept="text/html").body)
        for _ in range(8)
    }
    assert len(lengths) > 1
