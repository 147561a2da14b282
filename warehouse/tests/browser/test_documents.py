"""A clerk with a scanner, which types what it reads and presses Enter: a delivery, an order, a
shelf, each on one page."""

import pytest
from playwright.sync_api import expect

from cqrs_example.eventstore import last_event
from tests.browser.axe import is_for_everybody
from tests.browser.fixtures import both_ways
from warehouse.events import product_stream

from ..given import received
from .test_flows import said

pytestmark = pytest.mark.slices("documents")

RECEIVE, SHIP, COUNT = (
    f"/warehouse/{name}" for name in ("receive_delivery", "ship_order", "count_shelf")
)


class Keyboard:
    """Types, and counts the keys that are pressed besides."""

    def __init__(self, page):
        self.page, self.pressed = page, 0

    def type(self, text):
        self.page.keyboard.type(text)

    def press(self, key="Enter"):
        self.pressed += 1
        self.page.keyboard.press(key)


def scan(page, keyboard, *lines, quantity="Quantity received"):
    sku, many = page.get_by_label("SKU", exact=True), page.get_by_label(quantity, exact=True)
    for code, number in lines:
        expect(sku).to_be_focused()
        expect(sku).to_have_value("")
        keyboard.type(code)
        keyboard.press()
        expect(many).to_be_focused()
        keyboard.type(str(number))
        keyboard.press()
    expect(sku).to_be_focused()
    expect(sku).to_have_value("")


def goes_on_to(page, keyboard, name):
    keyboard.press()
    expect(page.get_by_label(name)).to_be_focused()


@both_ways
def test_receiving_twelve_products_takes_thirty_keys(visitor, page, log):
    visitor.open(RECEIVE)
    keyboard = Keyboard(page)
    scan(page, keyboard, *[(f"bolt-{n:02}", n + 1) for n in range(12)])
    goes_on_to(page, keyboard, "Delivery note")
    keyboard.type("LS-4711")
    keyboard.press()
    said(page, "Received 78 in 12 lines. New products: 12.")
    assert keyboard.pressed <= 30
    expect(page.get_by_label("SKU", exact=True)).to_be_focused()
    expect(page.locator("table:visible tbody tr")).to_have_count(12)
    assert len(log()) == 12
    assert last_event(product_stream("bolt-11")).data.reference == "LS-4711"


def test_one_page_after_the_last_line(visitor, page):
    visitor.open(RECEIVE)
    opened = []
    page.on("request", lambda request: opened.append(request.resource_type))
    scan(page, Keyboard(page), ("bolt", 5), ("nut", 7), ("bolt", 2))
    assert opened == []
    expect(page.get_by_text("3 lines")).to_be_visible()
    page.get_by_role("button", name="Remove line 1").click()
    expect(page.get_by_label("SKU of line 1")).to_have_value("nut")
    expect(page.get_by_label("Quantity of line 2")).to_have_value("2")
    page.get_by_role("button", name="Receive all").click()
    said(page, "Received 9 in 2 lines. New products: 2.")
    assert opened.count("document") == 2  # the form, and the page that it leads to


@pytest.mark.slices("low_product_quantity_notification")
@both_ways
def test_ship_an_order_with_a_wrong_line(visitor, page, log):
    received("bolt", 10)
    received("nut", 10)
    visitor.open(SHIP)
    keyboard = Keyboard(page)
    scan(page, keyboard, ("bolt", 4), ("nut", 11), ("bolt", 6), quantity="Quantity to ship")
    goes_on_to(page, keyboard, "Order number")
    keyboard.type("A-1")
    keyboard.press()
    alert = page.get_by_role("alert")
    expect(alert).to_have_text("Nothing was recorded: 1 of 3 lines is wrong.")
    wrong = page.get_by_label("Quantity of line 2")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_accessible_description("Insufficient quantity on hand: there are 10.")
    expect(page.get_by_label("Order number")).to_have_value("A-1")
    expect(page.get_by_label("Quantity of line 3")).to_have_value("6")
    assert len(log()) == 2
    wrong.fill("3")
    page.get_by_role("button", name="Ship all").click()
    said(page, "Shipped 13 in 3 lines.")
    assert log()[2:] == [
        "Shipped 4 of bolt, 6 left",
        "Shipped 3 of nut, 7 left",
        "Shipped 6 of bolt, 0 left",
        "Notified that bolt is low, 0 left",
    ]


@both_ways
def test_count_a_shelf(visitor, page):
    received("bolt", 10)
    visitor.open(COUNT)
    keyboard = Keyboard(page)
    scan(page, keyboard, ("bolt", 8), ("cap", 2), quantity="Quantity counted")
    page.get_by_role("button", name="Record the count").click()
    said(page, "Counted 2 lines. With a difference: 2.")
    cells = page.locator("table:visible tbody tr").first.locator("th, td")
    expect(cells).to_have_text(["bolt", "\N{MINUS SIGN}2", "8"])


@both_ways
def test_code_that_was_scanned_as_a_quantity_is_asked_back_once(visitor, page, log):
    visitor.open(RECEIVE)
    quantity = page.get_by_label("Quantity received", exact=True)
    page.get_by_label("SKU", exact=True).fill("bolt")
    quantity.fill("36000291")
    quantity.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(
        "Is the quantity of bolt really 36,000,291? Send it again if it is."
    )
    expect(quantity).to_be_focused()
    quantity.press("Enter")
    expect(page.get_by_label("Quantity of line 1")).to_have_value("36000291")
    page.get_by_role("button", name="Receive all").click()
    said(page, "Received 36,000,291 in 1 line. New products: 1.")


@pytest.mark.parametrize("path", [RECEIVE, SHIP, COUNT])
def test_page_is_for_everybody(visitor, page, path):
    is_for_everybody(visitor.open(path))


def test_lines_and_what_is_wrong_with_them_are_for_everybody(visitor, page):
    received("nut", 10)
    visitor.open(SHIP)
    scan(page, Keyboard(page), ("W" * 64, 5), ("nut", 7), quantity="Quantity to ship")
    is_for_everybody(page)
    page.get_by_role("button", name="Ship all").click()
    expect(page.get_by_role("alert")).to_be_visible()
    is_for_everybody(page)
    page.get_by_role("button", name="Remove line 1").click()
    page.get_by_role("button", name="Ship all").click()
    said(page, "Shipped 7 in 1 line.")
    is_for_everybody(page)
