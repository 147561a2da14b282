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

from .conftest import Server, empty_all_tables

pytestmark = pytest.mark.slices(
    "increase_product_quantity",
    "ship_product_quantity",
    "products",
    "product_history",
    "low_product_quantity_notification",
)

EXAMPLES = int(os.environ.get("EXAMPLES") or 0)
LOW = 5

skus = st.sampled_from(["a", "A", "é"])
LARGEST = 2**31 - 1
quantities = st.integers(1, 12) | st.just(LARGEST)
# A command as it is sent: its name, product, quantity and Idempotency-Key.
Sent = tuple[str, str, int, str]


class AgainstADictionary(RuleBasedStateMachine):
    server: ClassVar[Server]
    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        empty_all_tables()
        self.on_hand: dict[str, int] = {}
        self.done: dict[str, Sent] = {}
        self.low: Counter[tuple[str, int]] = Counter()
        self.keys = 0
        self.restarted = False

    @rule(target=sent, sku=skus, quantity=quantities)
    def increase(self, sku: str, quantity: int) -> Sent:
        return self.carry_out("increase", sku, quantity, self.new_key())

    @rule(target=sent, sku=skus, quantity=quantities)
    def ship(self, sku: str, quantity: int) -> Sent:
        return self.carry_out("ship", sku, quantity, self.new_key())

    @rule(target=sent, sku=skus)
    def ship_everything(self, sku: str) -> Sent:
        quantity = min(self.on_hand.get(sku) or 1, LARGEST)
        return self.carry_out("ship", sku, quantity, self.new_key())

    @rule(before=sent)
    def repeat(self, before: Sent) -> None:
        self.carry_out(*before)

    @rule(before=sent, sku=skus, quantity=quantities)
    def use_the_key_for_another_command(self, before: Sent, sku: str, quantity: int) -> None:
        name, _, _, key = before
        self.carry_out(name, sku, quantity, key)

    @rule()
    def lose_all_connections_to_the_database(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    @rule()
    def rebuild(self) -> None:
        call_command("rebuild", "products", stdout=StringIO())

    @precondition(lambda self: not self.restarted)
    @rule()
    def restart(self) -> None:
        self.server.restart()
        self.restarted = True  # once is enough: it takes the time of 50 commands

    @invariant()
    def the_list_is_the_dictionary(self) -> None:
        assert self.server.stock() == self.on_hand

    def teardown(self) -> None:
        versions = Counter(sku for _, sku, _, _ in self.done.values())
        for sku, version in versions.items():
            product = json.loads(self.server("GET", f"/warehouse/products/{quote(sku)}").body)
            told = {"sku": sku, "quantity": self.on_hand[sku], "version": version}
            assert product == told
        items = json.loads(self.server("GET", "/warehouse/low_product_quantity_notifications").body)
        assert Counter((item["sku"], item["quantity"]) for item in items) == +self.low

    def new_key(self) -> str:
        self.keys += 1
        return str(UUID(int=self.keys))

    def carry_out(self, *command: Any) -> Sent:
        """Send a command, new or known, and do the same to the dictionary."""
        name, sku, quantity, key = command
        send = {"increase": self.server.increase, "ship": self.server.ship}[name]
        answer = send(quote(sku), quantity, Idempotency_Key=key)
        on_hand = self.on_hand.get(sku, 0)
        if key in self.done:
            assert answer.status == (200 if self.done[key] == command else 422)
        elif name == "ship" and quantity > on_hand:
            assert (answer.status, answer.text) == (400, "Insufficient quantity on hand.")
        else:
            assert (answer.status, answer.body) == (200, b"")
            self.done[key] = command
            self.on_hand[sku] = on_hand + (quantity if name == "increase" else -quantity)
            self.low[sku, self.on_hand[sku]] += name == "ship" and self.on_hand[sku] <= LOW
        return command


def test_application_holds_what_a_dictionary_holds(server: Server) -> None:
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
