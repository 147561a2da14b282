"""The package `eventsourcing` beside ours, for `docs/measurements.md`: in its own environment.

    python -m venv es && es/bin/pip install 'eventsourcing[postgres]' 'psycopg[binary]'
    es/bin/python -m dev.measure_eventsourcing fill      # 10,000 aggregates with 100 events each
    es/bin/python -m dev.measure_eventsourcing replay    # into a table, by its projection runner
    es/bin/python -m dev.measure_eventsourcing commands  # for `make bench`
    es/bin/python -m dev.measure_eventsourcing commands_with_stock

PGHOST, PGUSER and PGDATABASE (default: bench_eventsourcing) say where.
"""

import json
import os
import random
import sys
import time
from uuid import NAMESPACE_URL, UUID, uuid5

os.environ |= {
    "PERSISTENCE_MODULE": "eventsourcing.postgres",
    "POSTGRES_DBNAME": os.environ.get("PGDATABASE", "bench_eventsourcing"),
    "POSTGRES_HOST": os.environ.get("PGHOST", "127.0.0.1"),
    "POSTGRES_PORT": os.environ.get("PGPORT", "5432"),
    "POSTGRES_USER": os.environ.get("PGUSER", "postgres"),
    "POSTGRES_PASSWORD": os.environ.get("PGPASSWORD", ""),
}

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL

AGGREGATES, EVENTS_EACH, REPLAYED = 10_000, 100, 20_000


class Product(Aggregate):
    """As ours: its quantity goes up, and the event says how many there are."""

    @event("Registered")
    def __init__(self, sku: str) -> None:
        self.sku = sku
        self.quantity = 0

    @staticmethod
    def create_id(sku: str) -> UUID:
        return uuid5(NAMESPACE_URL, sku)

    def increase(self, quantity: int) -> None:
        self.trigger_increase(self.sku, quantity, self.quantity + quantity)

    @event("Increased")
    def trigger_increase(self, sku: str, quantity: int, quantity_on_hand: int) -> None:
        self.quantity = quantity_on_hand


class Stock(PostgresTrackingRecorder):
    """The table of products, and the position that it has come to, in one transaction."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS stock (sku text PRIMARY KEY, quantity bigint)")
        )

    def set(self, sku, quantity, tracking):
        upsert = """INSERT INTO stock VALUES (%s, %s)
            ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity"""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(upsert, (sku, quantity))


class StockProjection(Projection[Stock]):
    name = "stock"

    def process_event(self, domain_event, tracking):
        if type(domain_event).__name__ == "Increased":
            self.view.set(domain_event.sku, domain_event.quantity_on_hand, tracking)
        else:
            self.view.insert_tracking(tracking)


def fill() -> None:
    application = Application()
    for number in range(AGGREGATES):
        product = Product(f"p{number:06}")
        for _ in range(EVENTS_EACH - 1):
            product.increase(1)
        application.save(product)


def replay() -> None:
    begin = time.perf_counter()
    with ProjectionRunner(
        application_class=Application, projection_class=StockProjection, view_class=Stock, env={}
    ) as runner:
        first = runner.view.max_tracking_id("Application") or 0
        runner.view.wait("Application", first + REPLAYED, timeout=600)
    took = time.perf_counter() - begin
    print(f"{REPLAYED / took:,.0f} events per second")


class RecorderWithStock(PostgresApplicationRecorder):
    """Keeps a table of products in the transaction of the events, as our projection does."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS stock (sku text PRIMARY KEY, quantity bigint)")
        )

    def _insert_events(self, curs, stored_events, **kwargs):
        upsert = """INSERT INTO stock VALUES (%s, %s)
            ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity"""
        for stored in stored_events:
            if stored.topic.endswith("Increased"):
                state = json.loads(stored.state)
                row = (state["sku"], state["quantity_on_hand"])
                curs.execute(upsert, row, prepare=True)


def commands(env=None) -> None:
    """Read from standard input how many commands over how many products; carry them out, and tell
    the seconds."""
    application = Application(env=env)
    chosen = random.Random()
    print("ready", flush=True)
    for line in sys.stdin:
        count, products = map(int, line.split())
        begin = time.perf_counter()
        for _ in range(count):
            increase(application, f"b{chosen.randint(1, products)}")
        print(time.perf_counter() - begin, flush=True)


def commands_with_stock() -> None:
    commands({"APPLICATION_RECORDER_TOPIC": "dev.measure_eventsourcing:RecorderWithStock"})


def increase(application: Application, sku: str) -> None:
    while True:
        try:
            product = application.repository.get(Product.create_id(sku))
        except AggregateNotFoundError:
            product = Product(sku)
        product.increase(1)
        try:
            application.save(product)
            return
        except IntegrityError:  # another process was first
            pass


if __name__ == "__main__":
    globals()[sys.argv[1]]()
