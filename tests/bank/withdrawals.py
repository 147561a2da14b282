"""The projection that adds up what was withdrawn on a day."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import upsert

from .events import Withdrawn
from .models import DayOfWithdrawals

MODELS = [DayOfWithdrawals]


def project(events: Sequence[RecordedEvent[Withdrawn]]) -> None:
    amount: Counter[tuple[str, date]] = Counter()
    withdrawals: Counter[tuple[str, date]] = Counter()
    for event in events:
        key = event.data.account, event.occurred_at.astimezone(UTC).date()
        amount[key] += event.data.amount
        withdrawals[key] += 1
    rows = [
        {"account": name, "day": day, "amount": amount[name, day], "withdrawals": count}
        for (name, day), count in withdrawals.items()
    ]
    upsert(DayOfWithdrawals, rows, add=["amount", "withdrawals"])
