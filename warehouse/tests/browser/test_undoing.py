"""A clerk takes back what was a mistake, on the product's page."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import is_for_everybody
from tests.browser.fixtures import both_ways

from ..given import received, shipped
from .test_flows import PRODUCT, said

pytestmark = [pytest.mark.slow, pytest.mark.slices("undo_product_change", "product_history")]


@both_ways
def test_undo(visitor, page):
    received("abc123", 10)
    shipped("abc123", 4)
    visitor.open(PRODUCT)
    button = page.get_by_role("button", name="Undo version 2")
    button.focus()
    button.press("Enter")
    said(page, "Undid a shipment of abc123 (version 2), 10 on hand.")
    assert page.url == f"{visitor.address}{PRODUCT}#now"
    expect(page.locator("tbody tr").nth(1)).to_contain_text("undone by version 3")
    expect(page.get_by_role("button", name="Undo")).to_have_count(1)


def test_undo_that_is_refused(visitor, page, log):
    received("abc123", 10)
    visitor.open(PRODUCT)
    shipped("abc123", 4)  # somebody else, meanwhile
    page.get_by_role("button", name="Undo version 1").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Undoing this would leave -4: there are 6 on hand."
    )
    is_for_everybody(page)
    page.get_by_role("link", name="Cancel").click()
    is_for_everybody(page)
    assert len(log()) == 2
