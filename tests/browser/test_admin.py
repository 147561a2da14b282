"""The log in the admin, as staff see it: for all eyes, with and without JavaScript."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from cqrs_example.eventstore import read_all
from cqrs_example.messaging import execute
from cqrs_example.projections.models import Run
from tests.bank.commands import Deposit, Withdraw, deposit, withdraw

from .axe import is_for_everybody
from .fixtures import both_ways

pytestmark = pytest.mark.usefixtures("bank")

LIST = "/admin/eventstore/storedevent/"
PAGES = {
    "events": LIST,
    "nothing found": f"{LIST}?q=none",
    "refused": f"{LIST}?since=x",
    "event": "{event}change/",
    "what it changed": "{event}changed/",
    "found": f"{LIST}?q=account:abc123+amount:>5",
    "refused commands": "/admin/inspection/refusedcommand/",
    "try a command": f"{LIST}simulate/?command=Withdraw",
    "stream": f"{LIST}stream/?name=account-abc123",
    "stream with a long name": f"{LIST}stream/?name=account-{'W' * 64}",
    "account with a long name": f"/admin/bank/account/{'W' * 64}/change/",
    "stream, verified": f"{LIST}verified/?name=account-abc123",
    "overview": f"{LIST}overview/",
    "runs": "/admin/projections/run/",
    "a run": "{run}",
    "accounts": "/admin/bank/account/",
    "account": "/admin/bank/account/abc123/change/",
}


@pytest.fixture
def _events(server):
    execute(deposit, Deposit("abc123", 10))
    execute(deposit, Deposit("W" * 64, 10))
    execute(withdraw, Withdraw("abc123", 7))


@pytest.fixture
def log_in(visitor, _events):
    """Somebody logged in, without the second that a password takes: test_pages has the login."""
    client = Client()
    client.force_login(User.objects.create(username="boss", is_staff=True, is_superuser=True))
    [session] = client.cookies.values()
    visitor.context.add_cookies(
        [{"name": session.key, "value": session.value, "url": visitor.address}]
    )
    expect(visitor.open("/admin/").get_by_role("link", name="Overview of the log")).to_be_visible()
    return visitor


def test_login_is_for_everybody(visitor):
    is_for_everybody(visitor.open("/admin/login/"))


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_admin_page_is_for_everybody(log_in, path):
    last = list(read_all())[-1]
    path = path.replace("{event}", f"{LIST}{last.position}/")
    if path == "{run}" or path.startswith("/admin/projections"):
        columns = {"action": "verify", "projection": "accounts", "started_at": timezone.now()}
        run = Run.objects.create(**columns, started_by="ann", progress="begun")
        path = path.replace("{run}", f"/admin/projections/run/{run.pk}/change/")
    is_for_everybody(log_in.open(path))


@both_ways
def test_from_the_front_page_to_what_caused_an_event(log_in, page):
    page.get_by_role("link", name="Overview of the log").click()
    page.get_by_role("link", name="Events", exact=True).click()
    page.get_by_label("Search").fill("warning")
    page.get_by_label("Search").press("Enter")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    rows.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_text("Warned that abc123 is low, 3 left").first).to_be_visible()
    cause = page.locator("dl").get_by_text("Withdrew 7 from abc123, 3 left")
    expect(cause).to_be_visible()
    expect(page.locator(".trace li")).to_have_text(
        [
            "command Withdraw",
            f"#{_position('Withdrew')} Withdrew 7 from abc123, 3 left",
            "policy WarnOfLowBalance",
            f"#{_position('Warned')} Warned that abc123 is low, 3 left",
        ]
    )


def _position(begin):
    return next(event.position for event in read_all() if str(event).startswith(begin))


def test_copy(log_in, page):
    log_in.context.grant_permissions(["clipboard-read", "clipboard-write"])
    position = _position("Withdrew")
    log_in.open(f"{LIST}{position}/change/")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("Copied.")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["position"] == position


@pytest.mark.parametrize("visitor", [{"java_script_enabled": False}], indirect=True)
def test_without_javascript_no_button_that_does_nothing(log_in, page):
    log_in.open(f"{LIST}{_position('Withdrew')}/change/")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == f"event-{_position('Withdrew')}.json"
