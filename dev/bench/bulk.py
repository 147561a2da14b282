"""Bulk append and the import of a file, beside COPY of the same rows."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median

import psycopg

from dev.bench.django_process import ENVIRONMENT
from dev.bench.postgres import Postgres
from dev.bench.rounds import Row, alternate, at_most_the_goal, beside
from dev.bench.scale import Scale
from dev.bench.workers import WORKER, workers
from dev.failure import DevError
from dev.places import ROOT

STARTED = 100_000  # lines; with fewer most of the time is that of Django's start
COPY = "`COPY` of the same rows"
COLUMNS = """id, stream, version, type, schema_version, data, correlation_id, causation_id,
    metadata, recorded_at, occurred_at"""
LAST = f"SELECT {COLUMNS} FROM eventstore_event ORDER BY position DESC LIMIT %s"  # noqa: S608


def measure(postgres: Postgres, scale: Scale) -> Iterator[Row]:
    """Rows for bulk append in chunks of 1,000, and for `import_stock`, with all projections."""
    environment = {**ENVIRONMENT, "DATABASE_URL": postgres.url()}
    with workers((*WORKER, "bulk"), 1, environment) as bulk:
        runs = {
            "ours": lambda: 1000 * bulk(scale.bulk // 1000, 1000),
            COPY: lambda: copied(postgres, scale.bulk),
        }
        measured = alternate(scale.rounds, runs)
        yield from beside("bulk append", measured, "events/s", {COPY: 0.3})
    files = count()
    runs = {
        "ours": lambda: imported(postgres, scale.bulk, next(files)),
        COPY: lambda: copied(postgres, scale.bulk),
    }
    measured = alternate(scale.rounds, runs)
    yield from beside("`import_stock`", measured, "lines/s", {})
    if scale.bulk < STARTED:
        return
    seconds = 1_000_000 / median(measured["ours"])
    yield at_most_the_goal("`import_stock` of 1,000,000 lines at this rate", "s", seconds, 40)


def copied(postgres: Postgres, events: int) -> float:
    """The last events once more, into a table with the same indexes and constraints."""
    with psycopg.connect(postgres.url()) as connection:
        connection.execute("DROP TABLE IF EXISTS copied")
        connection.execute("CREATE TABLE copied (LIKE eventstore_event INCLUDING ALL)")
        connection.commit()
        rows = connection.execute(LAST, [events]).fetchall()
        text = [[_text(value) for value in row] for row in reversed(rows)]
        begin = time.perf_counter()
        with connection.cursor().copy(f"COPY copied ({COLUMNS}) FROM STDIN") as copy:
            for row in text:
                copy.write_row(row)
        connection.commit()
        return len(text) / (time.perf_counter() - begin)


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


def imported(postgres: Postgres, lines: int, number: int) -> float:
    """The lines per second of `import_stock` with a file of new products."""
    file = postgres.cluster.folder.parent / f"import-{number}.csv"
    _write(file, lines, number)
    command = [sys.executable, "manage.py", "import_stock", str(file)]
    environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": postgres.url()}
    begin = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DevError(f"import_stock failed: {done.stderr}")
    return lines / (time.perf_counter() - begin)


def _write(file: Path, lines: int, number: int) -> None:
    rows = (f"i{number}-{line % 5000},{line % 90 + 1}\n" for line in range(lines))
    file.write_text("sku,quantity\n" + "".join(rows))
