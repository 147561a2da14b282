"""Every page: for all eyes, on all screens, with nothing that its policy refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.db import connection, transaction
from playwright.sync_api import Browser, Page, ViewportSize, expect

from cqrs_example.eventstore import lock
from tests.conftest import Server
from warehouse.events import product_stream

from .conftest import Visitor, many, receive, send

STOCK = "/warehouse/products"
LONG = "W" * 64
PAGES = {
    "stock": STOCK,
    "stock, nothing found": f"{STOCK}?q=none",
    "product": f"{STOCK}/abc123",
    "product as of": f"{STOCK}/abc123?version=2",
    "product with a long name": f"{STOCK}/{LONG}",
    "unknown product": f"{STOCK}/unknown",
    "notifications": "/warehouse/low_product_quantity_notifications",
    "activity": "/warehouse/activity",
    "log in": "/login",
}
WIDE: ViewportSize = {"width": 1200, "height": 800}
NARROW: ViewportSize = {"width": 320, "height": 640}
LOOKS: list[tuple[ViewportSize, Literal["light", "dark"]]] = [(WIDE, "light"), (NARROW, "dark")]


@pytest.fixture
def _warehouse(server: Server) -> None:
    many(["nut-1", "out-1", LONG])
    receive("abc123", 2_000_000_000)
    send("abc123", 1, 1_999_999_990, 7)
    send("out-1", 10)


def is_for_everybody(page: Page) -> None:
    """On a wide screen and on a narrow one, light and dark."""
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    for size, scheme in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{width - size['width']} pixels stick out"
        # Django's admin fades its links from one colour to the other.
        page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()


@pytest.mark.usefixtures("_warehouse")
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page(visitor, page, path):
    visitor.open(path)
    is_for_everybody(page)


def test_admin_has_the_same_policy(visitor, page):
    visitor.open("/admin/login/")
    expect(page.get_by_label("Username:")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.querySelector('#header')).display") == "flex"


def test_empty_stock(visitor, page):
    visitor.open(STOCK)
    is_for_everybody(page)


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


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        (
            f"{STOCK}/%20",
            400,
            "The SKU begins or ends with a space: it has 1 to 64 visible characters.",
        ),
        ("/nowhere", 404, "There is nothing at this address."),
        (f"{STOCK}/abc123?version=9", 404, "Product abc123 has no version '9'."),
        (f"{STOCK}/abc123/ship_quantity", 405, "Use POST here, not GET."),
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


def test_error_403(production):
    receive("abc123", 10)
    page = production.open(STOCK)
    production.context.clear_cookies()
    page.get_by_label("Quantity to ship of abc123").fill("3")
    page.keyboard.press("Enter")
    sentence = "Nothing was done: this form is too old. Go back, reload the page and try again."
    fails(production, 403, sentence)


def test_error_500(production, rows):
    """A projection that fails: nothing is left of the command."""
    receive("abc123", 10)
    page = production.open(STOCK)
    with fewer_than(12):
        page.get_by_label("Quantity to receive of abc123").fill("3")
        page.keyboard.press("Enter")
        fails(production, 500, "Something is wrong on our side; it has been logged.")
    assert rows("SELECT count(*) FROM eventstore_event") == [(1,)]


def test_error_503(production):
    receive("abc123", 10)
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
