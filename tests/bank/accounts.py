"""The projection of what is in the accounts: one statement, which travels with the next one."""

from collections.abc import Sequence

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import upsert

from .events import AccountEvent
from .models import Account

MODELS = [Account]


def project(events: Sequence[RecordedEvent[AccountEvent]]) -> None:
    last = {event.data.account: event for event in events}
    rows = [
        {"account": name, "amount": event.data.balance, "changed_at": event.occurred_at}
        for name, event in last.items()
    ]
    upsert(Account, rows)
