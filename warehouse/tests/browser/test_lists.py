"""Lists as a clerk uses them: sorted, filtered, acted on in the middle; times; the chart."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from tests.browser.axe import is_for_everybody
from tests.browser.fixtures import both_ways

from ..addresses import PATHS
from ..given import received, shipped

pytestmark = pytest.mark.slow

STOCK = "/warehouse/products"
slices = pytest.mark.slices
acting = slices("products", "increase_product_quantity", "ship_product_quantity")
IN_VIEW = (
    "it => { const b = it.getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight }"
)
LOOK_WITH_FOCUS = """it => {
    it.focus()
    const style = getComputedStyle(it)
    return {
        html: it.outerHTML, type: it.type, border: style.borderTopStyle, outline: style.outlineStyle
    }
}"""
NATIVE = ("checkbox", "radio", "file")  # the browser draws these itself
BERLIN = {"timezone_id": "Europe/Berlin"}


@pytest.fixture
def shelf(server):
    for number in range(60):
        received(f"bolt-{number:02}", 100 + number)


def is_for_everybody_with_scripts(page):
    """What looks is a script itself."""
    if page.evaluate("matchMedia('(scripting: enabled)').matches"):
        is_for_everybody(page)


def sort(page, title):
    """By keyboard alone: to the list, to the entry, and on to the button."""
    field = page.get_by_label("Sort by")
    field.focus()
    page.keyboard.type(title)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(field).to_have_value(re.compile("."))


@slices("products")
@both_ways
@pytest.mark.usefixtures("shelf")
def test_sorting_by_keyboard(visitor, page):
    visitor.open(STOCK)
    first = page.locator("tbody th").first
    for title, column, sku, direction in (
        ("most", "On hand", "bolt-59", "descending"),
        ("fewest", "On hand", "bolt-00", "ascending"),
        ("changed last", "Changed", "bolt-59", "descending"),
        ("SKU", "SKU", "bolt-00", "ascending"),
    ):
        sort(page, title)
        expect(first).to_have_text(sku)
        header = page.locator(f"thead th[aria-sort={direction}]")
        expect(header).to_have_text(column)
    sort(page, "most")
    page.get_by_role("link", name="More →").click()
    expect(page.locator("tbody th")).to_have_text([f"bolt-{n:02}" for n in range(9, -1, -1)])
    is_for_everybody_with_scripts(page)


@acting
@both_ways
@pytest.mark.usefixtures("shelf")
def test_after_an_action_the_focus_is_on_the_changed_row(visitor, page):
    visitor.open(f"{STOCK}?q=bolt")
    page.get_by_label("Quantity to ship of bolt-40").fill("30")
    page.keyboard.press("Enter")
    expect(page).to_have_title("Shipped 30 of bolt-40. 110 left. · Stock · Warehouse")
    row = page.get_by_role("row", name="bolt-40")
    expect(row).to_be_focused()
    assert row.evaluate(IN_VIEW)
    assert page.get_by_role("status").evaluate(IN_VIEW), "the message has scrolled away"
    overlap = "it => it.getBoundingClientRect().bottom"
    top = row.evaluate("it => it.getBoundingClientRect().top")
    assert page.get_by_role("status").evaluate(overlap) <= top, "the message hides the row"
    page.keyboard.press("Tab")
    expect(row.get_by_role("link", name="bolt-40")).to_be_focused()
    page.set_viewport_size({"width": 1200, "height": 800})
    is_for_everybody_with_scripts(page)


@acting
def test_a_sku_of_any_characters_is_found_again(visitor, page):
    sku = "Größe 5 #?&\"'+"
    received(sku, 10)
    for number in range(60):
        received(f"A{number}", 1)
    visitor.open(f"{STOCK}?q=5 %23")
    page.get_by_label("Quantity to receive").fill("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(f"Received 3 of {sku}. 13 on hand.")
    expect(page.locator("tbody tr")).to_be_focused()


@slices("products")
@pytest.mark.usefixtures("shelf")
def test_twenty_rows_on_a_desk_and_the_first_on_a_phone(visitor, page):
    visitor.open(STOCK)
    for (width, height), rows in (((1280, 900), 20), ((390, 844), 1), ((360, 720), 1)):
        page.set_viewport_size({"width": width, "height": height})
        row = page.locator("tbody tr").nth(rows - 1)
        assert row.evaluate(IN_VIEW), f"{rows} rows are not seen at {width}x{height}"


@slices("activity", "shipping_report")
@pytest.mark.parametrize("path", ["/warehouse/activity", "/warehouse/shipping_report"])
@both_ways
def test_days_by_keyboard(visitor, page, path):
    received("abc123", 10)
    shipped("abc123", 4)
    visitor.open(path)
    page.get_by_label("From").focus()
    page.keyboard.type("01312020")
    page.get_by_label("to (days in UTC)").focus()
    page.keyboard.type("02012020")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("since=2020-01-31&until=2020-02-01"))
    expect(page.get_by_role("link", name="Show everything")).to_be_visible()
    expect(page.get_by_label("From")).to_have_value("2020-01-31")
    is_for_everybody_with_scripts(page)
    visitor.open(f"{path}?since=2020-02-01&until=2020-01-31")
    expect(page.get_by_role("alert")).to_contain_text("before they begin on 2020-02-01")


@slices("products", "activity", "product_history", "low_stock")
@pytest.mark.parametrize(
    ("visitor", "scripts"),
    [(BERLIN, True), ({**BERLIN, "java_script_enabled": False}, False)],
    ids=["javascript", "no javascript"],
    indirect=["visitor"],
)
def test_times_in_the_zone_of_the_browser_or_the_chosen_one(visitor, page, rows, scripts):
    received("abc123", 3)
    rows("UPDATE warehouse_products_product SET changed_at = '2026-01-01 23:30Z' RETURNING 1")
    visitor.open(STOCK)
    changed = page.locator("tbody .when")
    in_berlin, in_utc = "2026-01-02 00:30 2026-01-01 23:30 UTC", "2026-01-01 23:30"
    expect(changed).to_have_text(in_berlin if scripts else in_utc)
    expect(page.locator(".zone")).to_have_text(
        "Europe/Berlin, with UTC beside" if scripts else "UTC"
    )
    page.get_by_role("link", name="Another time zone").click()
    is_for_everybody_with_scripts(page)
    for zone, text in (
        ("America/New_York", "2026-01-01 18:30 23:30 UTC"),
        ("Europe/Berlin", in_berlin),
        ("UTC", in_utc),
    ):
        page.get_by_label("Show times in").select_option(zone)
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page).to_have_url(visitor.address + STOCK)
        expect(changed).to_have_text(text)
        visitor.open("/time_zone?next=" + STOCK)


@slices("product_history")
def test_admin_and_pages_have_one_zone(visitor, page):
    client = Client()
    client.force_login(User.objects.create(username="boss", is_staff=True, is_superuser=True))
    [session] = client.cookies.values()
    visitor.context.add_cookies(
        [{"name": session.key, "value": session.value, "url": visitor.address}]
    )
    received("abc123", 3)
    visitor.open("/time_zone?next=/warehouse/products/abc123")
    page.get_by_label("Show times in").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Show", exact=True).click()
    time = page.locator("tbody time").first.inner_text()
    assert time.endswith(" UTC")
    visitor.open("/admin/eventstore/storedevent/")
    expect(page.locator("tbody time").first).to_have_text(time)
    expect(page.locator("footer .zone")).to_have_text("Asia/Tokyo, with UTC beside")


@slices("product_history")
def test_chart_at_every_size_in_every_colour_and_on_paper(visitor, page):
    for quantity in (2000, 500, 7):
        received("abc123", quantity)
    shipped("abc123", 2505)
    visitor.open(f"{STOCK}/abc123")
    chart = page.get_by_role("img", name="Quantity of abc123, from version 1 to 4")
    expect(chart).to_have_accessible_description(
        re.compile("between 2 and 2,507, 2 at the end. The table below has each event.")
    )
    ticks = ["0", "1,000", "2,000", "3,000"]
    for width in (1280, 640, 390, 320):  # 640 and 320: 200 and 400 % of a screen of 1280
        page.set_viewport_size({"width": width, "height": 800})
        expect(chart.locator("text:not(.threshold)")).to_have_text(ticks)
        boxes = [one.bounding_box() for one in chart.locator("text").all()]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    line = chart.locator(".steps")
    stroke = "it => getComputedStyle(it).stroke"
    page.emulate_media(forced_colors="active")
    expected = page.evaluate("getComputedStyle(document.body).color")
    assert line.evaluate(stroke) == expected
    page.emulate_media(forced_colors="none", media="print")
    assert line.evaluate(stroke) == "rgb(0, 0, 0)"
    page.emulate_media(media="screen")
    is_for_everybody_with_scripts(page)


@pytest.mark.parametrize("path", [path for path, item in PATHS.items() if "get" in item])
def test_every_page_at_200_and_400_percent_and_in_forced_colours(visitor, page, path):
    for number in range(3):
        received(f"{'W' * 60}-{number}", 4)
        shipped(f"{'W' * 60}-{number}", 1)
    visitor.open(path.format(sku=f"{'W' * 60}-0"))
    for width in (640, 320):
        page.set_viewport_size({"width": width, "height": 512})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.emulate_media(forced_colors="active")
    controls = page.locator("main").locator("button, input:not([type=hidden]), select, textarea")
    for control in controls.locator("visible=true").all():
        look = control.evaluate(LOOK_WITH_FOCUS)
        # Shadows and backgrounds are not drawn in forced colours: these two are what is left.
        assert look["border"] != "none" or look["type"] in NATIVE, look
        assert look["outline"] != "none", look
