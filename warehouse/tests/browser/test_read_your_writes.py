"""A clerk reads what a form did on the page after it and on the next ones, or that it will be there
soon: with workers that run, are stopped, are slow, or have much to catch up with."""

from collections.abc import Iterator
from threading import Event

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page

from cqrs_example.eventstore import read, settled_position
from cqrs_example.subscriptions.models import Checkpoint
from cqrs_example.subscriptions.switching import switch
from cqrs_example.waiting import SOON
from tests import racing
from tests.browser.fixtures import Visitor
from tests.racing import in_background, until
from tests.serving import Server, database_url
from tests.subscribing import working
from warehouse.events import product_stream

from ..given import received, shipped

pytestmark = [
    pytest.mark.slow,
    pytest.mark.slices(
        *("products", "product_history", "increase_product_quantity", "ship_product_quantity"),
        *("low_product_quantity_notification", "low_stock", "shipping_report"),
    ),
]
# Where a shipment of 7 out of 10 is seen, and as what, in the first cells of the product's row.
SEEN = {
    "/warehouse/products": ["{sku}", "3"],
    "/warehouse/low_stock": ["{sku}", "3"],
    "/warehouse/low_product_quantity_notifications": ["{sku}", "3"],
    "/warehouse/shipping_report": ["{sku}", "1", "7"],
}


@pytest.fixture
def names(transactional_db, settings, monkeypatch) -> list[str]:
    """Of all that hears after the commit."""
    monkeypatch.setattr(racing, "PATIENCE", 90)  # workers, a server and a browser are at it
    found = [*settings.PROJECTIONS, *settings.POLICIES]
    settings.SUBSCRIPTIONS = found
    switch()
    return found


@pytest.fixture
def visitor(names: list[str], chromium: Browser) -> Iterator[Visitor]:
    mode = "cqrs_example.settings.persisted_async"
    environment = {"DATABASE_URL": database_url(), "DEBUG": "1", "DJANGO_SETTINGS_MODULE": mode}
    server = Server(environment)
    visitor = Visitor(chromium, server)
    yield visitor
    visitor.context.close()
    server.stop()
    assert visitor.complaints == []


def ship(visitor: Visitor, sku: str) -> bool:
    """Ship 7 of 10 by the form on the product's page; whether it says that the lists will show it
    in a moment. That page itself shows it at once, as it reads the log."""
    page = visitor.open(f"/warehouse/products/{sku}")
    page.get_by_label("Quantity to ship").fill("7")
    page.keyboard.press("Enter")
    page.get_by_text(f"Shipped 7 of {sku}. 3 left.").wait_for()
    assert "3" in page.locator("main").inner_text().split()
    return page.get_by_text(SOON).count() > 0


def seen(visitor: Visitor, sku: str) -> list[bool]:
    """Whether each of the pages shows that shipment."""
    return [row_of(visitor.open(path), sku, cells) for path, cells in SEEN.items()]


def row_of(page: Page, sku: str, cells: list[str]) -> bool:
    rows = [row.locator("th, td").all_inner_texts() for row in page.locator("tbody tr").all()]
    wanted = [cell.format(sku=sku) for cell in cells]
    return any(row[start : start + len(wanted)] == wanted for row in rows for start in (0, 1))


def all_have_heard() -> None:
    until(lambda: not Checkpoint.objects.filter(position__lt=settled_position()).exists())


def test_workers_that_run(names, visitor):
    received_of = [f"nut-{number}" for number in range(4)]
    for sku in received_of:
        received(sku, 10)
    with working(*names):
        all_have_heard()
        soon = [ship(visitor, sku) for sku in received_of]
        for sku, later in zip(received_of, soon, strict=True):
            assert later or all(seen(visitor, sku))
    assert not all(soon), "Workers that have nothing else to do took a second each time."


def test_workers_that_are_stopped(names, visitor):
    received("nut", 10)
    with working(*names):
        all_have_heard()
    assert ship(visitor, "nut")
    assert not any(seen(visitor, "nut"))
    with working(*names):
        all_have_heard()
        assert all(seen(visitor, "nut"))
        assert SOON not in visitor.page.content()


@pytest.mark.parametrize("in_time", [True, False])
def test_workers_that_are_slow(names, visitor, in_time):
    """One of them stands at its checkpoint, and goes on when the form was recorded; or later."""
    received("nut", 10)
    go_on, held = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            Checkpoint.objects.select_for_update().get(name="products")
            held.set()
            if in_time:
                until(lambda: len(list(read(product_stream("nut")))) == 2)
            else:
                go_on.wait(60)

    with working(*names):
        all_have_heard()
        with in_background(hold):
            held.wait(20)
            soon = ship(visitor, "nut")
            shown = seen(visitor, "nut")
            go_on.set()
        assert soon or all(shown)
        if not in_time:
            assert (soon, shown[0]) == (True, False)
        all_have_heard()
        assert all(seen(visitor, "nut"))


def test_workers_that_catch_up(names, visitor):
    for number in range(100):
        received(f"bolt-{number:02}", 10)
    shipped("bolt-00", 7)
    received("a-nut", 10)
    with working(*names):
        assert ship(visitor, "a-nut") or all(seen(visitor, "a-nut"))
        all_have_heard()
        assert all(seen(visitor, "a-nut"))
        assert all(seen(visitor, "bolt-00"))
