"""Every page: for all eyes, on all screens, with nothing that its policy refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from playwright.sync_api import Browser, expect

from cqrs_example.eventstore import lock
from tests.browser.axe import is_for_everybody
from tests.browser.fixtures import Visitor
from tests.serving import Server
from warehouse.events import product_stream

from ..given import received, shipped

pytestmark = pytest.mark.slow

STOCK = "/warehouse/products"
LONG = "W" * 64
slices = pytest.mark.slices
LIST, PRODUCT = slices("products"), slices("product_history")
PAGES = [
    pytest.param(STOCK, marks=LIST, id="stock"),
    pytest.param(f"{STOCK}?q=none", marks=LIST, id="stock, nothing found"),
    pytest.param(f"{STOCK}/abc123", marks=PRODUCT, id="product"),
    pytest.param(f"{STOCK}/abc123?version=2", marks=PRODUCT, id="product as of"),
    pytest.param(f"{STOCK}/{LONG}", marks=PRODUCT, id="product with a long name"),
    pytest.param(f"{STOCK}/unknown", marks=PRODUCT, id="unknown product"),
    pytest.param(
        "/warehouse/low_product_quantity_notifications",
        marks=slices("low_product_quantity_notification"),
        id="notifications",
    ),
    pytest.param("/warehouse/low_stock", marks=slices("low_stock"), id="low stock"),
    pytest.param("/warehouse/activity", marks=slices("activity"), id="activity"),
    pytest.param("/warehouse/shipping_report", marks=slices("shipping_report"), id="report"),
    pytest.param("/login", id="log in"),
]


@pytest.fixture
def _warehouse(server: Server) -> None:
    for sku in ("nut-1", "out-1", LONG):
        received(sku, 10)
    received("abc123", 2_000_000_000)
    for quantity in (1, 1_999_999_990, 7):
        shipped("abc123", quantity)
    shipped("out-1", 10)


@pytest.mark.slow
@pytest.mark.usefixtures("_warehouse")
@pytest.mark.parametrize("path", PAGES)
def test_page(visitor, page, path):
    visitor.open(path)
    is_for_everybody(page)


def test_admin_has_the_same_policy(visitor, page):
    visitor.open("/admin/login/")
    expect(page.get_by_label("Username:")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.querySelector('#header')).display") == "flex"


@slices("products")
def test_empty_stock(visitor, page):
    visitor.open(STOCK)
    is_for_everybody(page)


@slices("product_history", "increase_product_quantity", "ship_product_quantity")
@pytest.mark.usefixtures("_warehouse")
def test_message_and_refusal(visitor, page):
    visitor.open(f"{STOCK}/abc123")
    page.get_by_label("Quantity to receive").fill("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    is_for_everybody(page)
    page.get_by_label("Quantity to ship").fill("99")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    is_for_everybody(page)


@slices("products")
def test_log_in_and_out(visitor, page):
    User.objects.create_user("clerk", password="of a test")
    visitor.open("/login")
    for password in ("wrong", "of a test"):
        page.get_by_label("Account").fill("clerk")
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        if password == "wrong":
            expect(
                page.get_by_text("Please enter a correct username and password.")
            ).to_be_visible()
            is_for_everybody(page)
    expect(page.get_by_role("heading", name="Stock", exact=True)).to_be_visible()
    expect(page.locator("header")).to_contain_text("clerk")
    is_for_everybody(page)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log out")).to_have_count(0)


@pytest.fixture(scope="module")
def _production(chromium: Browser, _gunicorn: Server) -> Iterator[Server]:
    """Without DEBUG, whose error pages are Django's; and with little patience for locks."""
    server = Server(
        {
            **_gunicorn.environment,
            "DEBUG": "0",
            "SECRET_KEY": "only for this test, and long enough for Django's own checks",
            "ALLOWED_HOSTS": "127.0.0.1",
            "HTTPS": "0",
            "PGOPTIONS": "-c lock_timeout=50ms",
        }
    )
    yield server
    server.stop()


@pytest.fixture
def production(chromium: Browser, _production: Server, server: Server) -> Iterator[Visitor]:
    visitor = Visitor(chromium, _production)
    yield visitor
    visitor.context.close()
    assert visitor.complaints == []


def fails(visitor: Visitor, status: int, sentence: str) -> None:
    page = visitor.page
    expect(page).to_have_title(f"Error {status} · Warehouse")
    expect(page.get_by_role("alert")).to_have_text(sentence)
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    ground = "getComputedStyle(document.querySelector('[role=alert]')).borderRadius"
    assert page.evaluate(ground) == "8px", "the page has no style"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        pytest.param(
            f"{STOCK}/%20",
            400,
            "The SKU begins or ends with a space: it has 1 to 64 visible characters.",
            marks=PRODUCT,
        ),
        ("/nowhere", 404, "There is nothing at this address."),
        pytest.param(
            f"{STOCK}/abc123?version=9", 404, "Product abc123 has no version '9'.", marks=PRODUCT
        ),
        pytest.param(
            f"{STOCK}/abc123/ship_quantity",
            405,
            "Use POST here, not GET.",
            marks=slices("ship_product_quantity"),
        ),
    ],
)
def test_error(production, path, status, sentence):
    production.open(path)
    fails(production, status, sentence)


def test_error_is_for_everybody(production):
    is_for_everybody(production.open("/nowhere"))


def test_error_400_of_django(production):
    """A host that is not ours."""
    production.open(f"http://localhost:{production.address.rpartition(':')[2]}{STOCK}")
    fails(production, 400, "This request makes no sense to us.")


@slices("products", "ship_product_quantity")
def test_error_403(production):
    received("abc123", 10)
    page = production.open(STOCK)
    production.context.clear_cookies()
    page.get_by_label("Quantity to ship of abc123").fill("3")
    page.keyboard.press("Enter")
    sentence = (
        "Nothing was done: your browser has sent no cookie. Allow cookies for this site, then go"
        " back, reload the page and try again."
    )
    fails(production, 403, sentence)


@slices("products", "increase_product_quantity")
def test_error_500(production, rows):
    """A projection that fails: nothing is left of the command."""
    received("abc123", 10)
    page = production.open(STOCK)
    with fewer_than(12):
        page.get_by_label("Quantity to receive of abc123").fill("3")
        page.keyboard.press("Enter")
        fails(production, 500, "Something is wrong on our side; it has been logged.")
    assert rows("SELECT count(*) FROM eventstore_event") == [(1,)]


@slices("products", "ship_product_quantity")
def test_error_503(production):
    received("abc123", 10)
    page = production.open(STOCK)
    with transaction.atomic():
        lock(product_stream("abc123"))
        page.get_by_label("Quantity to ship of abc123").fill("3")
        page.keyboard.press("Enter")
        fails(production, 503, "The database does not answer. Try again soon.")
    page.reload()  # the same form again, now that it can be done
    expect(page.get_by_role("status")).to_have_text("Shipped 3 of abc123. 7 left.")


@contextmanager
def fewer_than(quantity: int) -> Iterator[None]:
    """A read model that refuses what the log has taken."""
    with connection.cursor() as cursor:
        table = "ALTER TABLE warehouse_products_product"
        cursor.execute(f"{table} ADD CONSTRAINT few CHECK (quantity < {quantity})")
        try:
            yield
        finally:
            cursor.execute(f"{table} DROP CONSTRAINT few")


@slices("products")
def test_printed_as_a_table_without_forms(visitor, page):
    received("abc123", 10)
    visitor.open(STOCK)
    page.set_viewport_size({"width": 680, "height": 900})  # A4, between its margins
    page.emulate_media(media="print")
    for seen in ("SKU", "On hand", "Changed"):
        expect(page.get_by_role("columnheader", name=seen)).to_be_visible()
    for hidden in page.locator("form, button, input, nav").all():
        expect(hidden).to_be_hidden()
    expect(page.get_by_role("columnheader", name="Receive or ship")).to_have_count(0)
