"""A page behind the last row, an order from an address, and the way to another time zone."""

import re

import pytest

from .given import received, shipped

slices = pytest.mark.slices
HTML = {"accept": "text/html"}
BEHIND = [
    pytest.param("/warehouse/products?after=zzz", marks=slices("products")),
    pytest.param("/warehouse/products?sort=quantity&after=99/zzz", marks=slices("products")),
    pytest.param("/warehouse/low_stock?after=zzz", marks=slices("low_stock")),
    pytest.param("/warehouse/activity?before=0", marks=slices("activity")),
    pytest.param("/warehouse/shipping_report?after=2000-01-01/a", marks=slices("shipping_report")),
    pytest.param("/warehouse/products/abc?before=1", marks=slices("product_history")),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", BEHIND)
def test_a_page_behind_the_last_row_says_so_and_leads_back(client, address):
    received("abc", 10)
    shipped("abc", 9)
    page = client.get(address, headers=HTML)
    assert (page.status_code, list(page.context["rows"])) == (200, [])
    assert "There are no more rows here." in page.content.decode()
    [first] = re.findall(r'<a href="([^"]*)">First page</a>', page.content.decode())
    assert list(client.get(address.partition("?")[0] + first, headers=HTML).context["rows"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/warehouse/products", marks=slices("products")),
        pytest.param("/warehouse/low_stock", marks=slices("low_stock")),
    ],
)
def test_every_order_of_an_address_can_be_chosen(client, path):
    """One that cannot would be lost when somebody searches."""
    received("abc", 1)
    refusal = client.get(path, {"sort": "nonsense"}, headers=HTML).content.decode()
    columns = re.search("Sort by (.*), or by one", refusal)[1].split(", ")
    offered = client.get(path, headers=HTML).context["sorts"]
    assert set(offered) == {sign + column for column in columns for sign in ("", "-")}


@slices("ship_product_quantity", "products")
@pytest.mark.django_db(transaction=True)
def test_another_time_zone_leads_back_to_a_page_that_can_be_opened(client):
    """A refusal is the answer to a form, whose own address takes no GET."""
    received("abc", 1)
    form = {"quantity": "5", "next": "/warehouse/products"}
    refusal = client.post("/warehouse/products/abc/ship_quantity", form, headers=HTML)
    assert refusal.status_code == 422
    [next_page] = re.findall(r'/time_zone\?next=([^"]*)"', refusal.content.decode())
    assert next_page == "%2Fwarehouse%2Fproducts"
