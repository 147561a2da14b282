"""A field that is misspelt, cut off, or wrong beside a right one: programs and people are told."""

import json
import re
from pathlib import Path

import pytest

from .test_forms import INCREASE, LIST, PRODUCT, SHIP, Browser

pytestmark = pytest.mark.slices(
    "increase_product_quantity",
    "ship_product_quantity",
    "products",
    "product_history",
)

ROOT = Path(__file__).parent.parent


@pytest.fixture
def browser(server):
    server.increase("abc123", 10)
    return Browser(server)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"quantity": 1, "refrence": "PO-77"}, "'refrence'"),
        ({"quantity": 1, "Reference": "PO-77"}, "'Reference'"),
        ({"quantity": 1, "b": 1, "a": None}, "'a', 'b'"),
        ({"quantity": 1, "": 1}, "''"),
        ({"quantity": 1, "command_id": 1}, "'command_id'"),
        ({"quantity": 1, "quantity ": 1}, "'quantity '"),
        ({"quantity": 1, "größe\n\u200b": 1}, "'größe\\n\\u200b'"),
    ],
)
def test_unknown_keys_are_refused_by_name(browser, everything, body, names):
    before = everything()
    answer = browser.server.post(SHIP, json.dumps(body), Accept="*/*")
    assert answer.status == 400
    right = "JSON with no other keys than quantity, reference, sku"
    assert answer.text == f"The body must be {right}, but has {names}."
    assert browser.server.post(SHIP, json.dumps(body)).body == b""  # as from the original
    assert everything() == before


def test_a_key_of_another_command_is_unknown(browser, everything):
    before = everything()
    body = '{"quantity": 1, "reference": "PO-77"}'
    assert "'reference'" in browser.server.post(INCREASE, body, Accept="*/*").text
    assert everything() == before


@pytest.mark.parametrize("sku", ["abc123", "other", None, 5])
def test_the_address_counts_and_not_what_the_body_repeats(browser, sku):
    assert browser.server.post(SHIP, json.dumps({"quantity": 1, "sku": sku})).status == 200
    assert browser.server.stock() == {"abc123": 9}


@pytest.mark.parametrize(
    ("typed", "wrong", "right"),
    [
        ({"quantity": "x", "reference": "A-1"}, "quantity", "reference"),
        ({"quantity": "1", "reference": "a\u3164"}, "reference", "quantity"),
        ({"quantity": "1", "reference": "x" * 65}, "reference", "quantity"),
        ({"quantity": "11", "reference": "A-1"}, "quantity", "reference"),  # more than there is
    ],
)
def test_the_field_that_is_wrong_is_marked(browser, typed, wrong, right):
    page = browser.submit(browser.get(PRODUCT), SHIP, **typed)
    assert page.status == 422
    assert f'<p role="alert"><a href="#{wrong}">' in page.text
    assert re.search(rf'<input name="{wrong}" [^>]*id="{wrong}" aria-invalid="true"', page.text)
    assert page.text.count("aria-invalid") == 1
    assert f'id="{right}"' not in page.text
    assert {name: page.forms[SHIP][name] for name in typed} == typed


def test_no_field_is_blamed_for_what_is_none_s_fault(browser):
    page = browser.get(PRODUCT)
    browser.submit(page, SHIP, quantity="1")
    again = browser.submit(page, SHIP, quantity="2")
    assert again.status == 422
    assert "aria-invalid" not in again.text
    assert '<p role="alert">Nothing was done' in again.text


def test_a_code_scanned_into_a_quantity_is_not_taken(browser, everything):
    before = everything()
    for code in ("036000291452", "0360002914", "00012345", "12345670", "9780306406157"):
        refused = browser.submit(browser.get(PRODUCT), INCREASE, quantity=code)
        assert refused.status == 422
        assert refused.forms[INCREASE]["quantity"] == code
    assert everything() == before


def test_a_large_quantity_is_taken_when_it_is_sent_again(browser):
    asked = browser.submit(browser.get(PRODUCT), INCREASE, quantity="250000")
    assert "Is the quantity really 250,000?" in asked.told["alert"]
    done = browser.submit(asked, INCREASE)
    assert done.told["status"] == "Received 250000 of abc123. 250010 on hand."
    assert browser.server.stock() == {"abc123": 250_010}


def test_another_large_quantity_is_asked_back_again(browser, everything):
    before = everything()
    asked = browser.submit(browser.get(LIST), INCREASE, quantity="250000")
    assert browser.submit(asked, INCREASE, quantity="2500000").status == 422
    assert everything() == before


def test_no_page_cuts_what_is_typed():
    pages = [*ROOT.glob("warehouse/**/*.html"), *ROOT.glob("cqrs_example/**/*.html")]
    assert len(pages) > 20
    assert [page.name for page in pages if " maxlength=" in page.read_text()] == []
