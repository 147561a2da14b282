"""What gets slower as the log grows: nothing should."""

from collections.abc import Iterator
from statistics import median

from dev.bench.django_process import ENVIRONMENT
from dev.bench.postgres import Postgres
from dev.bench.rounds import Row
from dev.bench.scale import Scale
from dev.bench.workers import WORKER, Workers, workers
from dev.connection import connect

AT_MOST = 1.25
CASES = ("a command", "the product page", "the list page", "the admin's list")
TIMES = 40  # of each case in a round
# No way to write events, but a fast one: a hundred products, each with ever more events.
FILL = """
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,
        correlation_id, causation_id, metadata, recorded_at, occurred_at)
    SELECT id, 'product-g' || n %% 100 + 1, n / 100 + 1,
        'warehouse.ProductQuantityIncreased', 1,
        jsonb_build_object('sku', 'g' || n %% 100 + 1, 'quantity', 1,
            'quantity_on_hand', n / 100 + 1),
        id, id, jsonb_build_object('actor', 'clerk', 'request', jsonb_build_object()),
        now(), now()
    FROM (SELECT n, md5('grown' || n)::uuid AS id
        FROM generate_series(%s::int, %s::int) AS n) AS numbered
"""
STOCK = """
    INSERT INTO warehouse_products_product (sku, quantity, changed_at)
    SELECT 'g' || n, 1, now() FROM generate_series(1, 1000) AS n
"""


def measure(postgres: Postgres, scale: Scale) -> Iterator[Row]:
    """A row for each case and each size but the smallest, which is the reference."""
    postgres.create("growth")
    postgres.migrate("growth")
    environment = {**ENVIRONMENT, "DATABASE_URL": postgres.url("growth")}
    with workers((*WORKER, "pages"), 1, environment) as pages:
        found: dict[int, list[float]] = {}
        before = 0
        for size in scale.sizes:
            grow(postgres, before, size)
            before = size
            found[size] = [_milliseconds(pages, case, scale.rounds) for case in range(len(CASES))]
    smallest = scale.sizes[0]
    for size in scale.sizes[1:]:
        for name, value, first in zip(CASES, found[size], found[smallest], strict=True):
            yield Row(
                f"{name} at {size:,} events",
                f"itself at {smallest:,}",
                "ms",
                value,
                first,
                value / first,
                scale.rounds,
                at_most=AT_MOST,
            )


def grow(postgres: Postgres, before: int, size: int) -> None:
    with connect(postgres.url("growth")) as connection:
        if before == 0:
            connection.execute(STOCK)
        connection.execute(FILL, [before, size - 1])
        connection.execute("VACUUM ANALYZE")


def _milliseconds(pages: Workers, case: int, rounds: int) -> float:
    return median(1000 / pages(TIMES, case) for _ in range(rounds))
