"""Commands in any order, sent once or again, through restarts: over HTTP, the application has to
hold what a dictionary holds. EXAMPLES=200 looks longer, elsewhere each time, and shortens what it
finds."""

import json
import os
from collections import Counter
from io import StringIO
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from .bank.commands import LOW
from .bank.serving import BankServer
from .fixtures import empty_all_tables

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("bank")]

EXAMPLES = int(os.environ.get("EXAMPLES") or 0)

accounts = st.sampled_from(["a", "A", "é"])
LARGEST = 2**31 - 1
amounts = st.integers(1, 12) | st.just(LARGEST)
# A command as it is sent: its name, account, amount and Idempotency-Key.
Sent = tuple[str, str, int, str]


class AgainstADictionary(RuleBasedStateMachine):
    server: ClassVar[BankServer]
    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        empty_all_tables()
        self.balance: dict[str, int] = {}
        self.done: dict[str, Sent] = {}
        self.low: Counter[tuple[str, int]] = Counter()
        self.keys = 0
        self.restarted = False

    @rule(target=sent, account=accounts, amount=amounts)
    def deposit(self, account: str, amount: int) -> Sent:
        return self.carry_out("deposit", account, amount, self.new_key())

    @rule(target=sent, account=accounts, amount=amounts)
    def withdraw(self, account: str, amount: int) -> Sent:
        return self.carry_out("withdraw", account, amount, self.new_key())

    @rule(target=sent, account=accounts)
    def withdraw_everything(self, account: str) -> Sent:
        amount = min(self.balance.get(account) or 1, LARGEST)
        return self.carry_out("withdraw", account, amount, self.new_key())

    @rule(before=sent)
    def repeat(self, before: Sent) -> None:
        self.carry_out(*before)

    @rule(before=sent, account=accounts, amount=amounts)
    def use_the_key_for_another_command(self, before: Sent, account: str, amount: int) -> None:
        name, _, _, key = before
        self.carry_out(name, account, amount, key)

    @rule()
    def lose_all_connections_to_the_database(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    @rule()
    def rebuild(self) -> None:
        call_command("rebuild", "accounts", stdout=StringIO())

    @precondition(lambda self: not self.restarted)
    @rule()
    def restart(self) -> None:
        self.server.restart()
        self.restarted = True  # once is enough: it takes the time of 50 commands

    @invariant()
    def the_list_is_the_dictionary(self) -> None:
        assert self.server.balances() == self.balance

    def teardown(self) -> None:
        versions = Counter(account for _, account, _, _ in self.done.values())
        for account, version in versions.items():
            found = json.loads(self.server("GET", f"/accounts/{quote(account)}").body)
            expected = {"account": account, "amount": self.balance[account], "version": version}
            assert found == expected
        items = json.loads(self.server("GET", "/low_balances").body)
        assert Counter((item["account"], item["amount"]) for item in items) == +self.low

    def new_key(self) -> str:
        self.keys += 1
        return str(UUID(int=self.keys))

    def carry_out(self, *command: Any) -> Sent:
        """Send a command, new or known, and do the same to the dictionary."""
        name, account, amount, key = command
        send = {"deposit": self.server.deposit, "withdraw": self.server.withdraw}[name]
        answer = send(quote(account), amount, Idempotency_Key=key)
        before = self.balance.get(account, 0)
        if key in self.done:
            assert answer.status == (200 if self.done[key] == command else 422)
        elif name == "withdraw" and amount > before:
            assert (answer.status, answer.text) == (400, "Insufficient funds.")
        else:
            assert (answer.status, answer.body) == (200, b"")
            self.done[key] = command
            self.balance[account] = before + (amount if name == "deposit" else -amount)
            left = self.balance[account]
            self.low[account, left] += name == "withdraw" and left <= LOW
        return command


def test_application_holds_what_a_dictionary_holds(server: BankServer) -> None:
    AgainstADictionary.server = server
    run_state_machine_as_test(
        AgainstADictionary,
        settings=settings(
            max_examples=EXAMPLES or 3,
            stateful_step_count=30,
            derandomize=not EXAMPLES,
            phases=list(Phase) if EXAMPLES else [Phase.generate],
            database=None,
            deadline=None,
        ),
    )
