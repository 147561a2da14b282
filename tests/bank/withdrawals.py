"""The projection that adds up what was withdrawn on a day."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import later

from .events import Withdrawn
from .models import DayOfWithdrawals

MODELS = [DayOfWithdrawals]

ADD = """
    INSERT INTO bank_dayofwithdrawals AS there (account, day, amount, withdrawals)
    SELECT row ->> 0, (row ->> 1)::date, (row ->> 2)::bigint, (row ->> 3)::int
    FROM jsonb_array_elements(%s) AS row
    ON CONFLICT (account, day) DO UPDATE SET amount = there.amount + excluded.amount,
        withdrawals = there.withdrawals + excluded.withdrawals
"""


def project(events: Sequence[RecordedEvent[Withdrawn]]) -> None:
    amount: Counter[tuple[str, str]] = Counter()
    withdrawals: Counter[tuple[str, str]] = Counter()
    for event in events:
        day = event.occurred_at.astimezone(UTC).date().isoformat()
        amount[event.data.account, day] += event.data.amount
        withdrawals[event.data.account, day] += 1
    rows = [[*key, amount[key], withdrawals[key]] for key in sorted(amount)]
    later(ADD, [json.dumps(rows)])
