"""One round: load, a fault, recovery, the unknown sent again, and the books."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.chaos.application import Application
from dev.chaos.books import ACKNOWLEDGED, Logged, audit, stock
from dev.chaos.clients import Load
from dev.chaos.database import Database
from dev.chaos.proxy import Proxy
from dev.failure import DevError
from dev.processes import wait_until

Fault = Callable[[Any], int]  # of a `Harness`

LOGGED = """
    SELECT causation_id, data ->> 'sku', CASE type WHEN 'warehouse.ProductQuantityShipped'
        THEN -(data ->> 'quantity')::int ELSE (data ->> 'quantity')::int END
    FROM eventstore_event WHERE position > %s AND type LIKE 'warehouse.ProductQuantity%%'
"""
LAST = "SELECT coalesce(max(position), 0) FROM eventstore_event"
STOCK = "SELECT sku, quantity FROM warehouse_products_product"
# What a fault may have left in the database: half a transaction, or a lock of one.
LEFT_OVER = """
    SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'
    UNION ALL SELECT 1 FROM pg_locks WHERE locktype = 'advisory'
        -- but for those of subscriptions: whoever leads has one
        AND (objsubid <> 2 OR classid::int8 <> hashtext('subscription') & 4294967295::int8)
"""


class NotPossible(DevError):
    """This machine does not let the harness do so; the message says what is missing."""


@dataclass
class Outcome:
    """What one or more rounds of a fault came to; times in seconds."""

    rounds: int = 0
    kills: int = 0
    attempted: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    resolved: int = 0
    recoveries: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    not_tried: str = ""  # why the load went on without the fault

    def add(self, other: "Outcome") -> None:
        for name, value in vars(other).items():
            if name != "not_tried":
                setattr(self, name, getattr(self, name) + value)


class Harness:
    """The application, its database, the wire between them, and the proxy before both."""

    def __init__(self, folder: Path, commands: int) -> None:
        self.folder = folder
        self.commands = commands  # how many each round goes on for
        self.database = Database(folder / "server")
        self.proxy = Proxy(self.database.port)
        self.application = Application(
            folder, self.database.url(self.proxy.port), self.database.url()
        )
        self.front = Proxy(self.application.port)
        self.stock: Counter[str] = Counter()
        self.load = Load(self.front.port)

    def start(self) -> None:
        self.database.create()
        self.prepare()
        self.application.start()
        self.application.wait()

    def prepare(self) -> None:
        self.application.manage("migrate", "--verbosity", "0")

    def stop(self) -> None:
        self.application.stop()
        self.database.stop()

    def use(self, database: Database) -> None:
        """Let another server take the place of the database."""
        self.database = database
        self.proxy.target = database.port
        self.application.direct["DATABASE_URL"] = database.url()

    def round(self, fault: Fault) -> Outcome:
        """Load, the fault, recovery; then every command has an outcome, and the books are held
        against the log. The findings say what is wrong."""
        [(before,)] = self.database.ask(LAST)
        self.load = load = Load(self.front.port)
        kills, not_tried = 0, ""
        load.start()
        try:
            load.wait_for(30)
            try:
                kills = fault(self)
            except NotPossible as error:
                not_tried = str(error)
            lifted = time.monotonic()
            recovered = load.wait_for(self.commands, after=lifted)
        finally:
            load.stop()
        self.application.wait()
        resolved = load.resolve()
        outcome = self._audit(before)
        outcome.kills, outcome.resolved, outcome.not_tried = kills, resolved, not_tried
        outcome.recoveries = [recovered - lifted]
        return outcome

    def _audit(self, before: int) -> Outcome:
        book = self.load.book
        found = audit(book, [Logged(*row) for row in self.database.ask(LOGGED, [before])])
        self.stock.update(stock(book))
        findings = [*found.sentences(), *self._stock_differs(), *self._unproven()]
        return Outcome(
            rounds=1,
            attempted=len(book),
            acknowledged=sum(one.outcome == ACKNOWLEDGED for one in book),
            lost=len(found.lost),
            duplicated=len(found.duplicated),
            answers=Counter(self.load.answers),
            findings=findings,
        )

    def _stock_differs(self) -> list[str]:
        live = dict(self.database.ask(STOCK))
        return [
            f"There are {live.get(sku, 0)} of {sku}, but {self.stock[sku]} by the books."
            for sku in sorted(live.keys() | self.stock.keys())
            if live.get(sku, 0) != self.stock[sku]
        ]

    def _unproven(self) -> list[str]:
        try:
            wait_until(lambda: not self.database.ask(LEFT_OVER), "a database without old locks")
            self.application.manage("verify")
        except DevError as error:
            return [str(error)]
        return []
