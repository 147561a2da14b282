"""What comes out of the printer: all rows on sheets of A4."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import is_for_everybody

from ..given import received, shipped

pytestmark = pytest.mark.slow

MANY = 130


@pytest.fixture
def _warehouse(server):
    for number in range(MANY):
        received(f"bolt-{number:03}", 2)
    received("W" * 64, 10)
    shipped("W" * 64, 9)


LISTS = [
    pytest.param("/warehouse/products", marks=pytest.mark.slices("products"), id="stock"),
    pytest.param(f"/warehouse/products/{'W' * 64}", marks=pytest.mark.slices("product_history")),
    pytest.param("/warehouse/shipping_report", marks=pytest.mark.slices("shipping_report")),
    pytest.param("/warehouse/low_stock", marks=pytest.mark.slices("low_stock")),
    pytest.param("/warehouse/activity", marks=pytest.mark.slices("activity")),
]


@pytest.mark.usefixtures("_warehouse")
@pytest.mark.parametrize("path", LISTS)
def test_print_all_of_it(visitor, page, path):
    visitor.open(path)
    page.get_by_role("link", name="Print all").click()
    expect(page.get_by_role("table")).to_be_visible()
    is_for_everybody(page)
    page.emulate_media(media="print")
    a4 = {"width": 680, "height": 1000}  # of 210 mm without margins of 15 mm, at 96 dpi
    page.set_viewport_size(a4)
    assert page.evaluate("document.documentElement.scrollWidth") <= a4["width"]
    for role in ("navigation", "button", "textbox", "link"):
        expect(page.locator("main").get_by_role(role)).to_have_count(0)
    expect(page.locator("nav")).to_be_hidden()


@pytest.mark.slices("products")
@pytest.mark.usefixtures("_warehouse")
def test_all_rows_on_several_sheets(visitor, page):
    visitor.open("/warehouse/products?format=print")
    expect(page.locator("tbody tr")).to_have_count(MANY + 1)
    sheets = page.pdf(format="A4").count(b"/Type /Page\n")
    assert 3 <= sheets <= 5
