"""A clerk counts what is there, on the product's page."""

import pytest
from playwright.sync_api import expect

from tests.browser.fixtures import both_ways

from ..given import received
from .test_flows import PRODUCT, form, said, submit

pytestmark = [pytest.mark.slow, pytest.mark.slices("count_product_quantity", "product_history")]


@both_ways
def test_count(visitor, page):
    received("abc123", 10)
    visitor.open(PRODUCT)
    form(page, "Count").get_by_label("Reason").fill("two were broken")
    submit(page, "Count", "8")
    said(page, "Counted 8 of abc123. There were 10 before.")
    expect(page.get_by_text("8 on hand", exact=True)).to_be_visible()
    newest = page.locator("tbody tr").first.locator("td")
    expect(newest.nth(0)).to_have_text("Counted 8 two were broken")
    expect(newest.nth(1)).to_have_text("\N{MINUS SIGN}2")
    submit(page, "Count", "8")
    said(page, "Counted 8 of abc123. There were 8 before.")
    expect(page.locator("tbody tr").first.locator("td").nth(1)).to_have_text("0")


def test_count_begins_a_product_that_was_found(visitor, page):
    visitor.open(PRODUCT)
    submit(page, "Count", "0")
    alert = page.get_by_role("alert")
    expect(alert).to_have_text("There is no product abc123, so nothing of it can be missing.")
    expect(page.get_by_label("Quantity counted")).to_be_focused()
    submit(page, "Count", "3")
    said(page, "Counted 3 of abc123. There were 0 before.")
    assert page.url == f"{visitor.address}{PRODUCT}#now"


def test_count_with_a_wrong_reason_marks_the_reason(visitor, page):
    received("abc123", 10)
    visitor.open(PRODUCT)
    form(page, "Count").get_by_label("Reason").fill("x" * 201)
    submit(page, "Count", "8")
    reason = page.get_by_label("Reason")
    expect(reason).to_be_focused()
    expect(reason).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Quantity counted")).to_have_value("8")
