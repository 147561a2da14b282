"""Messaging: one command is one transaction, in which projections and policies hear its events.

    execute(handle, ShipProductQuantity("abc123", 3), Context(actor="clerk"))

What hears of events is in the settings, in order: `PROJECTIONS` (name → module with a function
`project(events)` and a list `MODELS`), then `POLICIES` (name → function `policy(tx, event)`).
"""

from .commands import CommandIdReused, Context, DomainError, Repeated, execute
from .transaction import Transaction, later
