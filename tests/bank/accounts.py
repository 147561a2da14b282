"""The projection of what is in the accounts: one statement, which travels with the next one."""

import json
from collections.abc import Sequence

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import later

from .events import AccountEvent
from .models import Account

MODELS = [Account]

UPSERT = """
    INSERT INTO bank_account (account, amount, changed_at)
    SELECT row ->> 0, (row ->> 1)::bigint, (row ->> 2)::timestamptz
    FROM jsonb_array_elements(%s) AS row
    ON CONFLICT (account) DO UPDATE SET amount = excluded.amount, changed_at = excluded.changed_at
"""


def project(events: Sequence[RecordedEvent[AccountEvent]]) -> None:
    last = {event.data.account: event for event in events}
    rows = [[name, one.data.balance, str(one.occurred_at)] for name, one in last.items()]
    later(UPSERT, [json.dumps(rows)])
