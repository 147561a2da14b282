"""One client, one command after the other, beside `eventsourcing`: `docs/measurements.md`.

    DATABASE_URL=postgresql://…/a_database_of_its_own python -m dev.measure_commands es/bin/python

Takes the Python of an environment with `eventsourcing`, see `dev.measure_eventsourcing`, whose
database is that of PGHOST and PGDATABASE. Both increase the quantities of 1,000 products by 1,
in alternating rounds of 100 commands, and the streams grow while they do.
"""

import os
import random
import statistics
import subprocess
import sys
import time
import warnings

os.environ |= {"DEBUG": "0", "HTTPS": "0", "SECRET_KEY": "measured", "ALLOWED_HOSTS": "localhost"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqrs_example.settings.persisted_sync")

import django

warnings.filterwarnings("ignore", "No directory at:")
django.setup()

from dataclasses import dataclass  # noqa: E402

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from cqrs_example.messaging import Transaction, execute  # noqa: E402
from warehouse.events import ProductQuantityIncreased, product_stream  # noqa: E402

BATCH, ROUNDS, STAGES = 100, 25, (0, 5, 10, 20)


@dataclass(frozen=True)
class Increase:
    """The same as the slice does; the slice may have been removed."""

    sku: str
    quantity: int


def handle(tx: Transaction, command: Increase) -> None:
    [product] = tx.lock(product_stream(command.sku))
    on_hand = product.last.data.quantity_on_hand if product.last else 0
    total = on_hand + command.quantity
    tx.append(product, [ProductQuantityIncreased(command.sku, command.quantity, total)])


def ours(chosen: random.Random, count: int) -> float:
    """The seconds that so many commands take."""
    begin = time.perf_counter()
    for _ in range(count):
        execute(handle, Increase(f"p{chosen.randrange(1000):04}", 1))
    return time.perf_counter() - begin


class Theirs:
    """The other one, in a process of its own."""

    def __init__(self, python: str) -> None:
        command = [python, "-m", "dev.measure_eventsourcing", "commands"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, **pipes)  # type: ignore[call-overload]
        self._line()

    def __call__(self, count: int) -> float:
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        line: str = self.process.stdout.readline()
        return line


def events() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM eventstore_event")
        return int(cursor.fetchone()[0])


def main() -> None:
    call_command("migrate", verbosity=0)
    chosen, theirs = random.Random(1), Theirs(sys.argv[1])
    print("| events in a stream | ours | `eventsourcing` | ratio |\n| ---: | ---: | ---: | ---: |")
    for stage in STAGES:
        if (missing := 1000 * stage - events()) > 0:
            ours(chosen, missing)
            theirs(missing)
        rounds = [(ours(chosen, BATCH), theirs(BATCH)) for _ in range(ROUNDS)]
        own, other = (10 * statistics.median(times) for times in zip(*rounds, strict=True))
        ratio = statistics.median(b / a for a, b in rounds)
        print(
            f"| {events() / 1000:.0f} | {own:.2f} ms | {other:.2f} ms | {ratio:.2f} |", flush=True
        )


if __name__ == "__main__":
    main()
