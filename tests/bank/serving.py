"""gunicorn that serves the bank."""

import json
from typing import ClassVar

from tests.serving import Answer, Server

from . import settings

SETTINGS = {"DJANGO_SETTINGS_MODULE": settings.__name__}
OF_THE_BANK = (
    "ROOT_URLCONF",
    "EVENTS",
    "COMMANDS",
    "PROJECTIONS",
    "POLICIES",
    "SUBSCRIPTIONS",
    "PERMISSIONS",
    "INVARIANTS",
    "SEARCHABLE_FIELDS",
    "STREAM_PAGES",
    "READ_MODEL_STREAMS",
)


class BankServer(Server):
    wiring: ClassVar = {name: getattr(settings, name) for name in OF_THE_BANK}

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__({**SETTINGS, **environment})

    def deposit(self, account: str, amount: object, **headers: str) -> Answer:
        return self.post(f"/accounts/{account}/deposit", f'{{"amount": {amount}}}', **headers)

    def withdraw(self, account: str, amount: object, **headers: str) -> Answer:
        return self.post(f"/accounts/{account}/withdraw", f'{{"amount": {amount}}}', **headers)

    def balances(self) -> dict[str, int]:
        """The list of accounts, in its order."""
        accounts = json.loads(self("GET", "/accounts", Accept="application/json").body)
        return {one["account"]: one["amount"] for one in accounts}
