"""A process that works when it is told: `python -m dev.bench.worker KIND`.

It reads lines from standard input, how many commands and over how many products, and answers each
with the seconds that they took.
"""

import gc
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from dev.bench.django_process import set_up

set_up()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from cqrs_example.eventstore import NewEvent, RecordedEvent  # noqa: E402
from cqrs_example.messaging import Transaction, execute  # noqa: E402
from cqrs_example.projections.replay import projection, replay  # noqa: E402
from cqrs_example.projections.tables import temporary_tables  # noqa: E402
from dev.bench.bare import with_django, with_psycopg, with_two_trips  # noqa: E402
from dev.bench.views import increase_with_orm  # noqa: E402
from dev.measure_admin import staff  # noqa: E402
from warehouse.events import ProductQuantityIncreased, product_stream  # noqa: E402

Recorded = list[RecordedEvent[ProductQuantityIncreased]]
CHUNK = 1000
PLAIN_SQL = """
    CREATE TEMP TABLE plain AS
    SELECT DISTINCT ON (stream) data->>'sku' AS sku,
        (data->>'quantity_on_hand')::bigint AS quantity, occurred_at AS changed_at
    FROM eventstore_event
    WHERE type IN ('warehouse.ProductQuantityIncreased', 'warehouse.ProductQuantityShipped')
    ORDER BY stream, version DESC
"""
PAGES = ("/warehouse/products/g1", "/warehouse/products", "/admin/eventstore/storedevent/")


@dataclass(frozen=True)
class Receive:
    """One of each of a thousand products; the first one's number."""

    first: int


def receive(tx: Transaction, command: Receive) -> Recorded:
    skus = [f"p{number:06}" for number in range(command.first, command.first + CHUNK)]
    streams = tx.lock(*map(product_stream, skus))
    return tx.append_many(
        [
            NewEvent(stream, ProductQuantityIncreased(sku, 1, stream.version + 1))
            for sku, stream in zip(skus, streams, strict=True)
        ]
    )


@dataclass(frozen=True)
class Increase:
    """The same as the slice does; the slice may have been removed."""

    sku: str
    quantity: int


def handle(tx: Transaction, command: Increase) -> Recorded:
    [product] = tx.lock(product_stream(command.sku))
    on_hand = product.last.data.quantity_on_hand if product.last else 0
    total = on_hand + command.quantity
    return tx.append(product, [ProductQuantityIncreased(command.sku, command.quantity, total)])


def increase(sku: str) -> None:
    execute(handle, Increase(sku, 1))


def log_alone(sku: str) -> None:
    """The same without read models and policies."""
    settings.PROJECTIONS, settings.POLICIES = {}, {}
    increase(sku)


def bulk(chunks: int, products: int) -> None:
    """So many chunks of 1,000 events over so many streams."""
    for number in range(chunks):
        execute(receive, Receive(number * CHUNK % products))


def replayed() -> None:
    """The products projection over the whole log, by its own code."""
    module = projection("products")
    with temporary_tables(module):
        for _ in replay(module):
            pass


def plain_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PLAIN_SQL)
        cursor.execute("DROP TABLE plain")


def pages(times: int, case: int) -> None:
    """So many of one of the cases of `dev.bench.growth`: the first one is a command."""
    client = staff()
    for _ in range(times):
        if case == 0:
            increase("a-product-of-its-own")
        elif client.get(PAGES[case - 1]).status_code != 200:
            raise RuntimeError(f"{PAGES[case - 1]} is not measured: it fails.")


def one_by_one(carry_out: Callable[[str], None]) -> Callable[[int, int], None]:
    def run(commands: int, products: int) -> None:
        for _ in range(commands):
            carry_out(f"b{random.randint(1, products)}")  # noqa: S311 (no secret)

    return run


KINDS: dict[str, Callable[[int, int], None]] = {
    "ours": one_by_one(increase),
    "log": one_by_one(log_alone),
    "orm": one_by_one(lambda sku: increase_with_orm(sku, 1)),
    "django": one_by_one(with_django),
    "psycopg": one_by_one(with_psycopg),
    "two_trips": one_by_one(with_two_trips),
    "bulk": bulk,
    "replay": lambda times, products: replayed(),
    "plain_sql": lambda times, products: plain_sql(),
    "pages": pages,
}


def main(kind: str) -> None:
    gc.freeze()  # as gunicorn.conf.py does
    print("ready", flush=True)
    for line in sys.stdin:
        numbers = map(int, line.split())
        begin = time.perf_counter()
        KINDS[kind](*numbers)
        print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
