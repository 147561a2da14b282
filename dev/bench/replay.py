"""A replay by the projection's own code, beside the plain SQL that computes the same table."""

from collections.abc import Iterator

from dev.bench.django_process import ENVIRONMENT
from dev.bench.postgres import Postgres
from dev.bench.rounds import Row, alternate, beside
from dev.bench.scale import Scale
from dev.bench.workers import WORKER, workers

PLAIN_SQL = "the plain SQL statement that computes the same table"


def measure(postgres: Postgres, scale: Scale) -> Iterator[Row]:
    """The row of the products projection over 10,000 streams."""
    postgres.create("replay")
    postgres.migrate("replay")
    environment = {**ENVIRONMENT, "DATABASE_URL": postgres.url("replay")}
    chunks, streams = scale.replayed // 1000, 10_000
    with (
        workers((*WORKER, "bulk"), 1, environment) as bulk,
        workers((*WORKER, "replay"), 1, environment) as own,
        workers((*WORKER, "plain_sql"), 1, environment) as plain,
    ):
        bulk(chunks, streams)
        runs = {
            "ours": lambda: scale.replayed * own(1, streams),
            PLAIN_SQL: lambda: scale.replayed * plain(1, streams),
        }
        measured = alternate(scale.rounds, runs)
    yield from beside("replay", measured, "events/s", {PLAIN_SQL: 0.2})
