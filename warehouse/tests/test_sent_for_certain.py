"""The mail of docs/subscriptions.md is sent, also when the mail server was away at first."""

import re
import sys
from types import ModuleType

import pytest
from django.core import mail

from cqrs_example.subscriptions.models import Checkpoint
from cqrs_example.subscriptions.switching import switch
from tests.racing import until
from tests.subscribing import working
from tests.trees import ROOT

from .given import received, shipped

PAGE = (ROOT / "docs" / "subscriptions.md").read_text()
NAME = "mail_low_quantity"


@pytest.fixture
def mailing(transactional_db, settings, monkeypatch):
    module = ModuleType("mailing_of_the_page")
    [code] = re.findall(r"<!-- write: mailing.py -->\n```python\n(.*?)```\n", PAGE, re.DOTALL)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(code, vars(module))
    settings.POLICIES = {**settings.POLICIES, NAME: f"{module.__name__}.{NAME}"}
    settings.SUBSCRIPTIONS = [*settings.SUBSCRIPTIONS, NAME]
    switch()
    return module


@pytest.mark.slices("low_product_quantity_notification")
def test_mail_is_sent_when_the_mail_server_is_back(mailing, monkeypatch):
    send, failures = mailing.EmailMessage.send, [OSError("the mail server is away")]

    def away_at_first(message):
        if failures:
            raise failures.pop()
        return send(message)

    monkeypatch.setattr(mailing.EmailMessage, "send", away_at_first)
    received("nut", 10)
    shipped("nut", 6)
    assert mail.outbox == []
    with working(NAME):
        until(lambda: len(mail.outbox) == 1)
        until(lambda: Checkpoint.objects.get(name=NAME).position > 0)
    [message] = mail.outbox
    assert (message.subject, message.body) == ("nut is low", "4 of nut are left.")
    assert re.fullmatch("<[-0-9a-f]{36}@warehouse.example>", message.extra_headers["Message-ID"])
    assert failures == []
