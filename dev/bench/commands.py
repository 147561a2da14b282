"""Commands in process: one client, several processes, one product for all of them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial

from dev.bench.django_process import ENVIRONMENT
from dev.bench.peers import EVENTSOURCING, python_with
from dev.bench.postgres import Postgres
from dev.bench.rounds import Row, Run, alternate, beside
from dev.bench.scale import Scale
from dev.bench.workers import WORKER, Workers, workers

PRODUCTS = 1000
PGBENCH, ORM = "`pgbench`, one statement per round trip", "the plain ORM"
BARE = {
    "django": "its statements alone, with Django's cursors",
    "psycopg": "its statements alone, with psycopg",
    "two_trips": "its statements alone, in two round trips with libpq's pipeline",
}
LOG_ALONE, THEIRS_ALONE = "one client, the log alone", "`eventsourcing`, the log alone"
TOGETHER: tuple[tuple[str, int, int, Mapping[str, float]], ...] = (
    ("4 processes", 4, PRODUCTS, {}),
    ("8 processes", 8, PRODUCTS, {PGBENCH: 0.5}),
    ("8 processes, one product", 8, 1, {}),
)


def measure(postgres: Postgres, scale: Scale) -> Iterator[Row]:
    """Rows for one client, four and eight processes, and one product for eight of them."""
    environment = {**ENVIRONMENT, "DATABASE_URL": postgres.url()}
    with ExitStack() as stack:
        eight = stack.enter_context(workers((*WORKER, "ours"), 8, environment))
        yield from _one_client(postgres, scale, eight, stack, environment)
        for case, count, products, goals in TOGETHER:
            runs: dict[str, Run] = {
                "ours": partial(eight, scale.commands, products, count),
                PGBENCH: partial(postgres.pgbench, products, count, scale.commands),
            }
            yield from beside(case, alternate(scale.rounds, runs), "commands/s", goals)


def _one_client(
    postgres: Postgres,
    scale: Scale,
    ours: Workers,
    stack: ExitStack,
    environment: Mapping[str, str],
) -> Iterator[Row]:
    def running(*command: str, also: Mapping[str, str] = environment) -> Run:
        return partial(stack.enter_context(workers(command, 1, also)), scale.commands, PRODUCTS)

    whole: dict[str, Run] = {"ours": partial(ours, scale.commands, PRODUCTS)}
    whole[PGBENCH] = partial(postgres.pgbench, PRODUCTS, 1, scale.commands)
    whole[ORM] = running(*WORKER, "orm")
    whole |= {name: running(*WORKER, kind) for kind, name in BARE.items()}
    alone: dict[str, Run] = {"ours": running(*WORKER, "log")}
    if python := python_with(".venv-bench", EVENTSOURCING):
        module = (python, "-m", "dev.measure_eventsourcing")
        alone[THEIRS_ALONE] = running(*module, "commands", also=_database(postgres, "log_alone"))
    yield from beside("one client", alternate(scale.rounds, whole), "commands/s", {})
    yield from beside(LOG_ALONE, alternate(scale.rounds, alone), "commands/s", {})


def _database(postgres: Postgres, name: str) -> dict[str, str]:
    postgres.create(name)
    return {"PGDATABASE": name, "PGHOST": str(postgres.cluster.sockets)}
