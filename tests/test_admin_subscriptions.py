"""The admin shows what hears in workers: how far it is, what stands still, what is parked."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User

from cqrs_example.subscriptions.models import Parked

from .racing import until
from .subscribing import Subscribed, add, broken, refused, working

LOG = "/admin/eventstore/storedevent/"


@pytest.fixture
def page(subscribed: Subscribed, client: Any) -> Any:
    """`page(path)`: its text, without tags."""
    client.force_login(User.objects.create_superuser("boss"))

    def text(path: str) -> str:
        content = unescape(client.get(LOG + path).content.decode())
        return " ".join(re.sub(r"<[^>]*>", " ", content).split())

    return text


def test_nothing_hears_in_a_worker(subscribed: Subscribed, page: Any) -> None:
    [event] = add("a", 1)
    assert "Subscriptions" not in page("overview/")
    assert "ledger: in the transaction note: in the transaction" in page(
        f"{event.position}/change/"
    )


def test_what_is_behind_stands_still_or_is_parked(subscribed: Subscribed, page: Any) -> None:
    subscribed.switch("ledger", "note")
    broken.add(2)
    refused.add(2)
    first, second, third = add("a", 1, 2, 3)
    assert "3 events, " in page("overview/")
    assert "no worker is at it" in page("overview/")
    assert "not yet: its worker has heard up to position" in page(f"{first.position}/change/")
    with working("ledger", "note"):
        until(lambda: subscribed.trouble("ledger") and Parked.objects.count() == 2)
        overview = page("overview/")
    assert "stands still : CannotProject: event" in overview
    assert "2 events parked" in overview
    assert "ledger: in a worker, by 2" in page(f"{first.position}/change/")
    failed = page(f"{second.position}/change/")
    assert f"position {first.position} and stands still: " in failed
    assert "the ledger has no place for 2" in failed
    assert "note: parked: event" in failed
    assert "note: parked: an earlier event of the stream is" in page(f"{third.position}/change/")
