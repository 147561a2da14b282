"""A field that is misspelt, cut off, or wrong beside a right one: programs and people are told."""

import json
import re
from pathlib import Path

import pytest

from .browsing import Browser
from .test_forms import ACCOUNT, DEPOSIT, WITHDRAW

pytestmark = pytest.mark.usefixtures("bank")

ROOT = Path(__file__).parent.parent


@pytest.fixture
def browser(server):
    server.deposit("abc123", 10)
    return Browser(server)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"amount": 1, "refrence": "PO-77"}, "'refrence'"),
        ({"amount": 1, "Reference": "PO-77"}, "'Reference'"),
        ({"amount": 1, "b": 1, "a": None}, "'a', 'b'"),
        ({"amount": 1, "": 1}, "''"),
        ({"amount": 1, "command_id": 1}, "'command_id'"),
        ({"amount": 1, "amount ": 1}, "'amount '"),
        ({"amount": 1, "größe\n\u200b": 1}, "'größe\\n\\u200b'"),
    ],
)
def test_unknown_keys_are_refused_by_name(browser, everything, body, names):
    before = everything()
    answer = browser.server.post(WITHDRAW, json.dumps(body), Accept="*/*")
    assert answer.status == 400
    right = "JSON with no other keys than account, amount, reference"
    assert answer.text == f"The body must be {right}, but has {names}."
    assert browser.server.post(WITHDRAW, json.dumps(body)).body == b""  # as from the original
    assert everything() == before


def test_a_key_of_another_command_is_unknown(browser, everything):
    before = everything()
    body = '{"amount": 1, "reference": "PO-77"}'
    assert "'reference'" in browser.server.post(DEPOSIT, body, Accept="*/*").text
    assert everything() == before


@pytest.mark.parametrize("account", ["abc123", "other", None, 5])
def test_the_address_counts_and_not_what_the_body_repeats(browser, account):
    assert (
        browser.server.post(WITHDRAW, json.dumps({"amount": 1, "account": account})).status == 200
    )
    assert browser.server.balances() == {"abc123": 9}


@pytest.mark.parametrize(
    ("typed", "wrong", "right"),
    [
        ({"amount": "x", "reference": "A-1"}, "amount", "reference"),
        ({"amount": "1", "reference": "a\u3164"}, "reference", "amount"),
        ({"amount": "1", "reference": "x" * 65}, "reference", "amount"),
        ({"amount": "11", "reference": "A-1"}, "amount", "reference"),  # more than there is
    ],
)
def test_the_field_that_is_wrong_is_marked(browser, typed, wrong, right):
    page = browser.submit(browser.get(ACCOUNT), WITHDRAW, **typed)
    assert page.status == 422
    assert f'<p role="alert" id="error"><a href="#{wrong}">' in page.text
    assert re.search(rf'<input name="{wrong}" [^>]*id="{wrong}" aria-invalid="true"', page.text)
    assert page.text.count("aria-invalid") == 1
    assert f'id="{right}"' not in page.text
    assert {name: page.forms[WITHDRAW][name] for name in typed} == typed


def test_no_field_is_blamed_for_what_is_none_s_fault(browser):
    page = browser.get(ACCOUNT)
    browser.submit(page, WITHDRAW, amount="1")
    again = browser.submit(page, WITHDRAW, amount="2")
    assert again.status == 422
    assert "aria-invalid" not in again.text
    assert '<p role="alert" id="error">Nothing was done' in again.text


def test_a_code_scanned_into_an_amount_is_not_taken(browser, everything):
    before = everything()
    for code in ("036000291452", "0360002914", "00012345", "9780306406157"):
        refused = browser.submit(browser.get(ACCOUNT), DEPOSIT, amount=code)
        assert refused.status == 422
        assert refused.forms[DEPOSIT]["amount"] == code
    assert everything() == before


def test_no_page_cuts_what_is_typed():
    pages = [*ROOT.glob("warehouse/**/*.html"), *ROOT.glob("cqrs_example/**/*.html")]
    assert len(pages) > 20
    assert [page.name for page in pages if " maxlength=" in page.read_text()] == []
