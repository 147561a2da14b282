"""Messaging: one command is one transaction, in which projections and policies hear its events.

    execute(withdraw, Withdraw("account-1", 30), Context(actor="ann"))

What hears of events is in the settings, in order: `PROJECTIONS` (name → module with a function
`project(events)` and a list `MODELS`), then `POLICIES` (name → function `policy(tx, event)`). Which
events each of them hears is in its signature: see `hearing`.
"""

from ..eventstore.statements import later as later
from .commands import CommandIdReused as CommandIdReused, Context as Context
from .commands import DomainError as DomainError, Repeated as Repeated, execute as execute
from .hearing import heard_by as heard_by, hears as hears, recorded_by as recorded_by
from .transaction import EventLog as EventLog, Transaction as Transaction
from .upserts import upsert as upsert

VERSION = "3"
