"""What a clerk does, and what the pages answer; most of it with and without JavaScript."""

import re
import time
from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Locator, Page, expect

from cqrs_example.eventstore import lock
from tests.browser.fixtures import both_ways
from warehouse.events import product_stream

from ..given import received, shipped

STOCK = "/warehouse/products"
PRODUCT = f"{STOCK}/abc123"
SPOTS = {STOCK: "#row-abc123", PRODUCT: "#now"}  # where the focus is after an action
SHOWN = {"everything": "", "low stock only": "low", "out of stock": "out"}
TODO = "/warehouse/low_product_quantity_notifications"
LOW_STOCK = "/warehouse/low_stock"
ACTIVITY = "/warehouse/activity"

slices = pytest.mark.slices
on_both_pages = pytest.mark.parametrize(
    "path",
    [
        pytest.param(STOCK, marks=slices("products")),
        pytest.param(PRODUCT, marks=slices("product_history")),
    ],
)


def form(page: Page, button: str) -> Locator:
    """The form that has a button of this name."""
    name = re.compile(rf"^{button}\b")
    return page.locator("form[method=post]").filter(has=page.get_by_role("button", name=name))


def quantity_of(page: Page, button: str) -> Locator:
    return form(page, button).get_by_label("Quantity")


def submit(page: Page, button: str, quantity: str) -> None:
    quantity_of(page, button).fill(quantity)
    form(page, button).get_by_role("button").click()


def said(page: Page, sentence: str) -> None:
    expect(page.get_by_role("status")).to_have_text(sentence)


def lists(page: Page, *first: str) -> None:
    """The first column of the table, once it is there."""
    expect(page.locator("tbody th")).to_have_text(first)


@slices("increase_product_quantity", "ship_product_quantity")
@both_ways
@on_both_pages
def test_receive_and_ship(visitor, page, path):
    received("abc123", 10)
    visitor.open(path)
    submit(page, "Receive", "5")
    said(page, "Received 5 of abc123. 15 on hand.")
    submit(page, "Ship", "3")
    said(page, "Shipped 3 of abc123. 12 left.")
    assert page.url == visitor.address + path + SPOTS[path]
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)


@slices("products", "product_history", "increase_product_quantity", "ship_product_quantity")
@both_ways
def test_first_product(visitor, page):
    visitor.open("/")
    expect(page.get_by_text("Nothing in stock yet")).to_be_visible()
    expect(page.get_by_text("make sample")).to_be_visible()
    page.get_by_label("SKU").fill("Größe 5")
    page.get_by_role("button", name="Receive the first product").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Größe 5")
    expect(form(page, "Ship")).to_have_count(0)
    submit(page, "Receive", "7")
    said(page, "Received 7 of Größe 5. 7 on hand.")
    expect(form(page, "Ship")).to_have_count(1)


@slices("ship_product_quantity")
@both_ways
@on_both_pages
def test_refused(visitor, page, path):
    received("abc123", 10)
    visitor.open(path)
    shipped("abc123", 4)  # somebody else, meanwhile
    submit(page, "Ship", "7")
    expect(page).to_have_title("Error: Ship abc123 · Warehouse")
    expect(page.get_by_text("6 on hand")).to_be_visible()
    field = page.get_by_label("Quantity to ship")
    expect(field).to_have_value("7")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("Insufficient quantity on hand.")
    summary = page.get_by_role("alert").get_by_role("link", name="Insufficient quantity on hand.")
    summary.click()
    expect(page).to_have_url(re.compile(r"/ship_quantity#quantity$"))
    submit(page, "Ship", "6")
    said(page, "Shipped 6 of abc123. 0 left.")
    assert page.url == visitor.address + path + SPOTS[path]


@slices("products", "ship_product_quantity")
def test_refused_and_given_up(visitor, page):
    received("abc123", 10)
    visitor.open(f"{STOCK}?q=abc")
    submit(page, "Ship", "x")
    expect(page.get_by_role("alert")).to_contain_text('but is "x".')
    page.get_by_role("link", name="Cancel").click()
    expect(page).to_have_url(f"{visitor.address}{STOCK}?q=abc#row-abc123")


@slices("product_history", "ship_product_quantity")
def test_nothing_typed_is_not_sent(visitor, page):
    received("abc123", 10)
    visitor.open(PRODUCT)
    form(page, "Ship").get_by_role("button").click()
    expect(quantity_of(page, "Ship")).to_be_focused()
    assert page.url == visitor.address + PRODUCT


@slices("product_history", "ship_product_quantity")
@both_ways
def test_double_click(visitor, page, rows, log):
    """Both clicks have reached the server before it gets to do anything."""
    received("abc123", 10)
    visitor.open(PRODUCT)
    quantity_of(page, "Ship").fill("3")
    box = form(page, "Ship").get_by_role("button").bounding_box()
    assert box is not None
    with transaction.atomic():
        lock(product_stream("abc123"))
        page.mouse.click(box["x"] + 5, box["y"] + 5)
        wait_until(lambda: rows(WAITING) == [(1,)])
        page.mouse.click(box["x"] + 5, box["y"] + 5)
        wait_until(lambda: rows(WAITING) == [(2,)])
    expect(page.get_by_role("status").last).to_contain_text("Shipped 3 of abc123. 7 left.")
    wait_until(lambda: rows(WAITING) == [(0,)])
    assert log() == ["Received 10 of abc123, 10 on hand", "Shipped 3 of abc123, 7 left"]


WAITING = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "this never happened"


@slices("products", "ship_product_quantity")
def test_back_button(visitor, page, log):
    """Chromium shows the newest answer then, with a form of its own in which nothing is typed."""
    received("abc123", 10)
    visitor.open(STOCK)
    submit(page, "Ship", "3")
    said(page, "Shipped 3 of abc123. 7 left.")
    page.go_back()
    form(page, "Ship").get_by_role("button").click()
    expect(quantity_of(page, "Ship")).to_be_focused()
    assert len(log()) == 2


@slices("products", "ship_product_quantity")
def test_back_button_of_a_browser_that_keeps_pages(visitor, page, log):
    """The form as it was sent before: the same again, then something else."""
    received("abc123", 10)
    visitor.open(STOCK)
    command_id = form(page, "Ship").locator("[name=command_id]").input_value()
    submit(page, "Ship", "3")
    said(page, "Shipped 3 of abc123. 7 left.")

    page.go_back()
    form(page, "Ship").locator("[name=command_id]").evaluate(SET, command_id)
    submit(page, "Ship", "3")
    said(page, "This was done before, and not again: Shipped 3 of abc123. 7 left.")

    form(page, "Ship").locator("[name=command_id]").evaluate(SET, command_id)
    submit(page, "Ship", "4")
    sentence = "Nothing was done: this form had been sent before. Check it, then send it again."
    expect(page.get_by_role("alert")).to_have_text(sentence)
    expect(page.get_by_text("7 on hand")).to_be_visible()
    assert len(log()) == 2
    form(page, "Ship").get_by_role("button").click()  # a fresh id, and what was typed
    said(page, "Shipped 4 of abc123. 3 left.")


@slices("product_history", "ship_product_quantity")
@both_ways
def test_form_sent_again(visitor, page, log):
    """As a browser does when its connection broke before the answer came."""
    received("abc123", 10)
    visitor.open(PRODUCT)
    with page.expect_request(lambda request: request.method == "POST") as sent:
        submit(page, "Ship", "3")
    said(page, "Shipped 3 of abc123. 7 left.")
    again = {**sent.value.headers, "content-type": "application/x-www-form-urlencoded"}
    url, body = sent.value.url, sent.value.post_data
    visitor.context.request.post(url, data=body, headers=again, max_redirects=0)
    page.reload()
    said(page, "This was done before, and not again: Shipped 3 of abc123. 7 left.")
    assert len(log()) == 2


@slices("product_history", "ship_product_quantity")
def test_reloading_the_refusal_changes_nothing(visitor, page, log):
    received("abc123", 10)
    visitor.open(PRODUCT)
    submit(page, "Ship", "11")
    refusal = expect(page.get_by_role("alert"))
    refusal.to_have_text("Insufficient quantity on hand.")
    page.wait_for_load_state()
    page.reload()
    refusal.to_have_text("Insufficient quantity on hand.")
    assert len(log()) == 1


@slices("product_history", "increase_product_quantity", "ship_product_quantity")
@both_ways
def test_as_of(visitor, page):
    received("abc123", 10)
    for quantity in (1, 2, 3):
        shipped("abc123", quantity)
    visitor.open(PRODUCT)
    page.get_by_role("link", name="Version 2", exact=True).click()
    expect(page).to_have_url(f"{visitor.address}{PRODUCT}?version=2")
    expect(page.get_by_text("This is version 2 of 4")).to_be_visible()
    expect(page.get_by_text("9 were on hand")).to_be_visible()
    lists(page, "2", "1")
    for button in ("Receive", "Ship"):
        expect(quantity_of(page, button)).to_be_disabled()
        expect(form(page, button).get_by_role("button")).to_be_disabled()
    page.get_by_role("link", name="Back to now").click()
    lists(page, "4", "3", "2", "1")
    expect(form(page, "Ship").get_by_role("button")).to_be_enabled()


@slices("product_history")
def test_as_of_no_such_version(visitor, page):
    received("abc123", 10)
    visitor.open(f"{PRODUCT}?version=2")
    expect(page.get_by_role("alert")).to_have_text("Product abc123 has no version '2'.")


@slices("product_history")
def test_history(visitor, page):
    received("abc123", 10)
    for quantity in (7, 3):
        shipped("abc123", quantity)
    visitor.open(PRODUCT)
    rows = page.locator("tbody tr")
    for row, parts in enumerate(
        [
            ["3", "Shipped 3 order number: not given", "\u22123", "0", "Out", "anonymous"],
            ["2", "Shipped 7 order number: not given", "\u22127", "3", "Low", "anonymous"],
            ["1", "Received 10", "+10", "10", "", "anonymous"],
        ]
    ):
        assert rows.nth(row).locator("th, td").all_inner_texts()[:6] == parts
    chart = page.get_by_role("img", name="Quantity of abc123, from version 1 to 3")
    expect(chart).to_have_accessible_description(
        re.compile("between 0 and 10, 0 at the end. The table below has each event.")
    )


@slices("products")
def test_paging_stock(visitor, page):
    skus = [f"a-{number:03}" for number in range(70)]
    for sku in [*skus, "b"]:
        received(sku, 10)
    visitor.open(f"{STOCK}?q=a")
    lists(page, *skus[:50])
    page.get_by_role("link", name="More →").click()
    lists(page, *skus[50:])
    expect(page.get_by_label("SKU contains")).to_have_value("a")
    expect(page.get_by_role("link", name="More →")).to_have_count(0)
    page.get_by_role("link", name="← Earlier").click()
    lists(page, *skus[:50])
    expect(page.get_by_role("link", name="← Earlier")).to_have_count(0)


@slices("product_history")
def test_paging_history(visitor, page):
    received("abc123", 100)
    for _ in range(59):
        shipped("abc123", 1)
    visitor.open(f"{PRODUCT}?version=58")
    lists(page, *[str(version) for version in range(58, 8, -1)])
    page.get_by_role("link", name="Older").click()
    lists(page, *[str(version) for version in range(8, 0, -1)])
    expect(page.get_by_text("This is version 58 of 60")).to_be_visible()
    page.get_by_role("link", name="Newer").click()
    lists(page, *[str(version) for version in range(58, 8, -1)])
    expect(page.get_by_role("link", name="Newer")).to_have_count(0)


@slices("activity", "product_history", "low_product_quantity_notification")
def test_activity(visitor, page):
    received("abc123", 60)
    for _ in range(52):
        shipped("abc123", 1)
    shipped("abc123", 4)  # and a notification
    visitor.open(ACTIVITY)
    sentences = page.locator("tbody td:nth-child(2)")
    assert sentences.all_inner_texts()[:2] == [
        "Notified that abc123 is low, 4 left",
        "Shipped 4 of abc123, 4 left",
    ]
    page.get_by_label("What happened").select_option("Product Quantity Shipped")
    page.get_by_role("button", name="Show").click()
    expect(sentences).to_have_text([re.compile("^Shipped")] * 50)
    page.get_by_role("link", name="Older").click()
    expect(sentences).to_have_text(
        [
            "Shipped 1 of abc123, 57 left",
            "Shipped 1 of abc123, 58 left",
            "Shipped 1 of abc123, 59 left",
        ]
    )
    expect(page.get_by_label("What happened")).to_have_value("warehouse.ProductQuantityShipped")
    page.get_by_role("link", name="Newer").click()
    expect(sentences.first).to_have_text("Shipped 4 of abc123, 4 left")
    sentences.first.get_by_role("link").click()
    assert page.url == visitor.address + PRODUCT


@slices("products", "product_history", "increase_product_quantity")
def test_search_and_filters(visitor, page):
    for sku in ("bolt-1", "bolt-2", "bolt-3", "nut-1"):
        received(sku, 10)
    shipped("bolt-2", 6)
    shipped("bolt-3", 10)
    shipped("nut-1", 10)

    def find(prefix: str, show: str, *found: str) -> None:
        page.get_by_label("SKU contains").fill(prefix)
        page.get_by_label("Show").select_option(show)
        page.get_by_role("button", name="Find").click()
        expect(page).to_have_url(re.compile(rf"\?q={prefix}&show="))
        expect(page.get_by_label("Show")).to_have_value(SHOWN[show])
        lists(page, *found)

    visitor.open(STOCK)
    lists(page, "bolt-1", "bolt-2", "bolt-3", "nut-1")
    badges = page.locator("tbody tr").filter(has=page.locator(".badge"))
    assert page.locator("td.mark .badge").all_inner_texts() == ["Low", "Out", "Out"]
    expect(badges).to_have_count(3)
    find("bolt", "everything", "bolt-1", "bolt-2", "bolt-3")
    find("bolt", "low stock only", "bolt-2", "bolt-3")
    find("", "out of stock", "bolt-3", "nut-1")
    find("screw", "everything")
    page.get_by_role("link", name="receive screw as a new product").click()
    submit(page, "Receive", "4")
    said(page, "Received 4 of screw. 4 on hand.")


@slices("low_stock", "low_product_quantity_notification", "increase_product_quantity")
def test_low_stock(visitor, page):
    received("abc123", 10)
    shipped("abc123", 7)
    visitor.open(LOW_STOCK)
    cells = page.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert cells[:3] == ["abc123", "3", "Low"]
    submit(page, "Receive", "2")
    said(page, "Received 2 of abc123. 5 on hand.")
    lists(page, "abc123")
    submit(page, "Receive", "20")
    said(page, "Received 20 of abc123. 25 on hand.")
    expect(page.get_by_text("No product is low")).to_be_visible()
    assert page.url == f"{visitor.address}{LOW_STOCK}#row-abc123"


@slices("low_product_quantity_notification", "increase_product_quantity")
def test_notifications(visitor, page):
    received("abc123", 10)
    shipped("abc123", 7)
    visitor.open(TODO)
    cells = page.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert cells[:3] == ["abc123", "3", "Done"]
    submit(page, "Receive", "20")
    said(page, "Received 20 of abc123. 23 on hand.")
    assert page.url == visitor.address + TODO


@slices("low_product_quantity_notification")
def test_notifications_open_items_come_first(visitor, page, rows):
    received("abc123", 10)
    for quantity in (5, 1):
        shipped("abc123", quantity)
    visitor.open(TODO)
    assert page.locator("tbody td:nth-child(3)").all_inner_texts() == ["Done", "Done"]


@slices(
    "products",
    "product_history",
    "increase_product_quantity",
    "ship_product_quantity",
    "documents",
    "low_stock",
    "activity",
    "shipping_report",
)
def test_keyboard_only(visitor, page):
    received("abc123", 10)
    visitor.open(STOCK)
    pages = page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()
    assert {"Stock", "Low stock", "Activity", "Shipping report"} <= set(pages)
    seen: list[str] = []
    for _ in range(12 + len(pages)):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if seen[-1] == "Quantity to ship of abc123":
            break
    assert seen == [
        "Skip to the content",
        *pages,
        "SKU contains",
        "Show",
        "Sort by",
        "Find",
        "New SKU",
        "Receive a new product",
        "abc123",
        "Quantity to receive of abc123",
        "Receive abc123",
        "Quantity to ship of abc123",
    ]
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    said(page, "Shipped 3 of abc123. 7 left.")
    expect(page).to_have_title("Shipped 3 of abc123. 7 left. · Stock · Warehouse")
    expect(page.get_by_role("row", name="abc123")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "abc123"
    visitor.open(STOCK)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "SKU contains"


SET = "(field, value) => { field.value = value }"
# What has the focus, by the name that people see or hear; and that they see where it is.
FOCUSED = """() => {
    const it = document.activeElement;
    if (getComputedStyle(it).outlineStyle === "none") return `${it.outerHTML} shows no focus`;
    const label = it.getAttribute("aria-label") || it.labels?.[0]?.querySelector("span")?.innerText;
    const name = label || it.labels?.[0]?.firstChild?.textContent || it.innerText;
    return name.trim().replace(/\\s+/g, " ");
}"""
