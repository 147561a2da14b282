"""What a worker's memory grows to, and how long `make run` takes when all is installed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from dev.bench.load import CLIENTS, per_second
from dev.bench.over_http import gunicorn, mixed
from dev.bench.postgres import Postgres
from dev.bench.rounds import Row
from dev.bench.scale import Scale
from dev.places import ROOT
from dev.processes import accepts, children, free_port, wait_until

WARM = 2000  # requests, after which every thread of the worker has seen every kind


def measure(postgres: Postgres, scale: Scale) -> Iterator[Row]:
    """The row of the memory of one worker, and that of the start."""
    # Of its own: where other cases have imported their products, the list is long.
    postgres.create("memory")
    postgres.migrate("memory")
    with gunicorn(postgres.url("memory"), {"WEB_CONCURRENCY": "1"}) as (port, master):
        [worker] = children(master)
        per_second(port, mixed, WARM // CLIENTS)
        first = _megabytes(worker)
        per_second(port, mixed, scale.aged // CLIENTS)
        last = _megabytes(worker)
    yield Row(
        f"memory of a worker after {scale.aged:,} requests",
        f"itself after {WARM:,}",
        "MB",
        last,
        first,
        last / first,
        1,
        at_most=1.05,
    )
    starts = [_start(postgres) for _ in range(3)]
    took = median(starts)
    yield Row("start-up of `make run`, installed", "", "s", took, rounds=len(starts))


def _megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/smaps_rollup").read_text()
    [rss] = [line.split()[1] for line in status.splitlines() if line.startswith("Rss:")]
    return int(rss) / 1024


def _start(postgres: Postgres) -> float:
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "DATABASE_URL": postgres.url()}
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "dev.run"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: accepts(port), "an application that answers")
        return time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait()
