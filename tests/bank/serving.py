"""gunicorn that serves the bank."""

import json

from tests.serving import Answer, Server

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.bank.settings"}


class BankServer(Server):
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
