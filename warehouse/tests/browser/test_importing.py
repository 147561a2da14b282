"""A clerk with a file: chosen, looked at, confirmed, by keyboard and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import is_for_everybody
from tests.browser.fixtures import both_ways

from ..given import received
from .test_flows import said

pytestmark = [pytest.mark.slow, pytest.mark.slices("import_stock")]

PAGE = "/warehouse/import_stock"


@pytest.fixture
def choose(tmp_path, visitor):
    """`choose(content)`: opens the page, chooses a file, and lets it be shown with Enter."""

    def choose(content):
        path = tmp_path / "stock.csv"
        path.write_text(content)
        page = visitor.open(PAGE)
        chooser = page.get_by_label("File")
        expect(chooser).to_be_focused()
        chooser.set_input_files(path)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        return page

    return choose


@both_ways
def test_import_by_keyboard(choose, log):
    received("bolt", 3)
    page = choose("sep=;\nsku;quantity\nbolt;5\nnut;7\n")
    button = page.get_by_role("button", name="Import 2 lines")
    expect(button).to_be_focused()
    cells = page.locator("tbody tr").first.locator("th, td")
    expect(cells).to_have_text(["3", "bolt", "5", "8"])
    page.keyboard.press("Enter")
    said(page, "Imported 2 of 2 lines of stock.csv.")
    assert log()[1:] == ["Received 5 of bolt, 8 on hand", "Received 7 of nut, 7 on hand"]


@both_ways
def test_twice(choose, page):
    choose("sku,quantity\nbolt,5\n")
    page.get_by_role("button", name="Import 1 line").click()
    said(page, "Imported 1 of 1 line of stock.csv.")
    choose("sku,quantity\nbolt,5\n")
    expect(page.get_by_text("All these lines were imported before, by anonymous")).to_be_visible()
    expect(page.get_by_role("button", name="Import 1 line")).to_have_count(0)


@both_ways
def test_zeros_and_implausible_quantities_are_seen_first(choose, page, log):
    choose("sku,quantity\nbolt,360002914\nnut,0\n")
    expect(page.get_by_text("line 3 (nut)")).to_be_visible()
    expect(page.get_by_text("line 2: 360,002,914 of bolt")).to_be_visible()
    button = page.get_by_role("button", name="Import 1 line without those of 0")
    expect(button).not_to_be_focused()  # Enter would pass over what is asked
    button.click()
    said(page, "Imported 1 of 1 line of stock.csv.")
    assert len(log()) == 1


@both_ways
def test_wrong_lines(choose, page, log):
    choose("sku,quantity\nbolt,5\nnut,x\n")
    expect(page.get_by_role("alert")).to_contain_text("line 3: the quantity must be a whole number")
    expect(page).to_have_title("Error: Import a CSV file · Warehouse")
    assert log() == []


@pytest.mark.slices("documents")
def test_is_found_where_deliveries_are_received(visitor, page):
    visitor.open("/warehouse/receive_delivery")
    page.get_by_role("link", name="Import a CSV file").click()
    expect(page.get_by_label("File")).to_be_focused()


@pytest.mark.slices("products")
def test_is_found_where_the_stock_is_downloaded(visitor, page):
    for sku in ("", "bolt"):
        if sku:
            received(sku, 3)
        visitor.open("/warehouse/products")
        page.get_by_role("link", name="mport a CSV file").click()
        expect(page.get_by_label("File")).to_be_focused()


@pytest.mark.parametrize(
    "content",
    [
        f"sku,quantity,recorded_at\n{'W' * 64},5,2026-01-31\n{'م' * 64},2147483647,\nx,0,\n",
        f"sku,quantity\n{'W' * 65},5\n",
        "sku,quantity\nbolt,5\n",
    ],
    ids=["shown", "wrong", "repeated"],
)
def test_every_state_is_for_everybody(choose, visitor, page, content):
    is_for_everybody(visitor.open(PAGE))
    if "bolt" in content:
        choose(content).get_by_role("button", name="Import 1 line").click()
        said(page, "Imported 1 of 1 line of stock.csv.")
    choose(content)
    expect(page.locator("h2, [role=alert]").first).to_be_visible()
    is_for_everybody(page)
