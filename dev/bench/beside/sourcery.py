"""`python-event-sourcery` on Django beside ours, for `make bench`: in its own environment.

PGDATABASE is the name of its database; PGHOST, PGPORT and PGUSER say where. It reads lines from
standard input, how many commands and over how many products, and answers each with the seconds
that they took.
"""

import os
import random
import sys
import time
from uuid import NAMESPACE_URL, uuid5

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ.get("PGUSER", "postgres"),
            "HOST": os.environ.get("PGHOST", ""),
            "PORT": os.environ.get("PGPORT", ""),
        }
    },
    INSTALLED_APPS=["event_sourcery_django"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=False,  # it gives naive times
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from event_sourcery import Event, StreamUUID  # noqa: E402
from event_sourcery.event_sourcing import Aggregate, Repository  # noqa: E402
from event_sourcery.exceptions import ConcurrentStreamWriteError  # noqa: E402
from event_sourcery_django import DjangoBackend  # noqa: E402

STOCK = "CREATE TABLE IF NOT EXISTS stock (sku text PRIMARY KEY, quantity bigint)"
UPSERT = """INSERT INTO stock VALUES (%s, %s)
    ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity"""


class Increased(Event):
    sku: str
    quantity: int
    quantity_on_hand: int


class Product(Aggregate):
    category = "product"

    def __init__(self):
        self.quantity = 0

    def increase(self, sku, quantity):
        self._emit(Increased(sku=sku, quantity=quantity, quantity_on_hand=self.quantity + quantity))

    def __apply__(self, event):
        self.quantity = event.quantity_on_hand


def set_stock(wrapped_event, stream_id, tenant_id, position):
    """In the transaction of the events, as our projection does."""
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [wrapped_event.event.sku, wrapped_event.event.quantity_on_hand])


def increase(repository, sku):
    while True:
        try:
            with (
                transaction.atomic(),
                repository.aggregate(StreamUUID(uuid5(NAMESPACE_URL, sku)), Product()) as product,
            ):
                product.aggregate.increase(sku, 1)
            return
        except ConcurrentStreamWriteError:
            pass


def main():
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(STOCK)
    backend = DjangoBackend().configure()
    backend.in_transaction.register(set_stock, to=Increased)
    repository = Repository(backend.event_store)
    chosen = random.Random()  # noqa: S311 (no secret)
    print("ready", flush=True)
    for line in sys.stdin:
        count, products = map(int, line.split())
        begin = time.perf_counter()
        for _ in range(count):
            increase(repository, f"b{chosen.randint(1, products)}")
        print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    main()
