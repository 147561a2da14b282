"""Requests to gunicorn as it is shipped, beside views in the same server that do less."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from dev.bench.django_process import ENVIRONMENT
from dev.bench.load import Request, get, per_second, post
from dev.bench.postgres import Postgres
from dev.bench.rounds import Row, Run, alternate, beside
from dev.bench.scale import Scale
from dev.places import ROOT
from dev.processes import accepts, free_port, wait_until

PRODUCTS = 200
NOTHING, SELECT, ORM = "a view that does nothing", "a view with `SELECT 1`", "the plain ORM"
LIST = "/warehouse/products"


def product() -> str:
    return f"b{random.randint(1, PRODUCTS)}"  # noqa: S311 (no secret)


def increase(number: int) -> bytes:
    return post(f"{LIST}/{product()}/increase_quantity", '{"quantity": 3}')


def ship(number: int) -> bytes:
    return post(f"{LIST}/{product()}/ship_quantity")


def mixed(number: int) -> bytes:
    return get(LIST) if number % 5 == 0 else increase(number)


REFERENCES: dict[str, Request] = {
    NOTHING: lambda number: post("/bench/nothing"),
    SELECT: lambda number: post("/bench/select"),
    ORM: lambda number: post(f"/bench/orm/{product()}"),
}
GOALS = {NOTHING: 0.42}


def measure(postgres: Postgres, scale: Scale) -> Iterator[Row]:
    """Rows for increase, ship, and four commands to one list, with 8 kept connections."""
    with gunicorn(postgres.url()) as server:
        port = server[0]
        per_second(port, stocked, PRODUCTS)
        for case, request, goals in (
            ("increase over HTTP", increase, GOALS),
            ("ship over HTTP", ship, {}),
            ("four increases to one list of 100", mixed, {}),
        ):
            runs: dict[str, Run] = {"ours": partial(per_second, port, request, scale.requests)}
            for name, reference in REFERENCES.items():
                runs[name] = partial(per_second, port, reference, scale.requests)
            yield from beside(case, alternate(scale.rounds, runs), "requests/s", goals)


def stocked(number: int) -> bytes:
    """Enough of each product to ship for the whole run."""
    return post(f"{LIST}/b{number + 1}/increase_quantity", '{"quantity": 1000000}')


@contextmanager
def gunicorn(url: str, also: Mapping[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """The server's port, and the process of its master."""
    port = free_port()
    environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": url, "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "cqrs_example.wsgi", "--log-level", "error"],
        cwd=ROOT,
        env={**environment, **(also or {})},
    )
    try:
        wait_until(lambda: accepts(port), "a gunicorn that accepts connections")
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
