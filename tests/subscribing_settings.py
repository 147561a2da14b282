"""For workers in processes of their own: what the fixture `subscribed` sets, gated."""

from .settings import *  # noqa: F403

EVENTS = ["tests.subscribing"]
COMMANDS: list[str] = []
INVARIANTS: dict[str, str] = {}
PROJECTIONS = {"ledger": "tests.subscribing_gated"}
POLICIES = {"note": "tests.subscribing.note"}
SUBSCRIPTIONS = ["ledger", "note"]
