"""Messaging: one command is one transaction, in which projections and policies hear its events.

    execute(withdraw, Withdraw("account-1", 30), Context(actor="ann"))

Two settings list the handlers of events. `PROJECTIONS` maps a name to a module with a function
`project(events)` and a list `MODELS`; `POLICIES` maps a name to a function `policy(tx, event)`.
Projections hear of an event before policies do, both in the order of their setting. The signature
of a handler says which events it hears: see `hearing`.
"""

from ..eventstore.statements import later as later
from .commands import CommandIdReused as CommandIdReused, Context as Context
from .commands import DomainError as DomainError, Repeated as Repeated, execute as execute
from .hearing import heard_by as heard_by, hears as hears, recorded_by as recorded_by
from .transaction import EventLog as EventLog, Transaction as Transaction
from .upserts import upsert as upsert

VERSION = "3"
