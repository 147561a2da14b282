"""What the index that searches the log costs those who write to it: `docs/measurements.md`.

    DATABASE_URL=postgresql://…/a_database_of_its_own python -m dev.measure_search

In the database of `dev.measure_admin`, which has a million events. What is compared is the time on
a processor, of the process that sends commands and of its session at the server: that is nearly the
same on a busy machine. With the index and without it take turns.
"""

import random
import statistics
import time
from importlib import import_module

from .measure_admin import fill
from .measure_pages import connection, seconds_of_session

COMMANDS, TURNS = 1_500, 3
INDEX = "inspection_search"


def turn(commands: int = COMMANDS) -> tuple[float, float]:
    """Microseconds of a command: in all, and at the server."""
    from cqrs_example.inspection.simulating import command_from, handlers
    from cqrs_example.messaging import execute

    handle = handlers()["IncreaseProductQuantity"]
    at_server, here = seconds_of_session(), time.process_time()
    for _ in range(commands):
        fields = {"sku": f"p{random.randrange(10_000):05}", "quantity": "1"}
        execute(handle, command_from(handle, fields))
    here, at_server = time.process_time() - here, seconds_of_session() - at_server
    return (here + at_server) * 1e6 / commands, at_server * 1e6 / commands


def main() -> None:
    fill()
    search: str = import_module("cqrs_example.inspection.migrations.0001_search").SEARCH
    found: dict[str, list[tuple[float, float]]] = {"without": [], "with": []}
    with connection.cursor() as cursor:
        turn()
        for _ in range(TURNS):
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
            found["without"].append(turn())
            cursor.execute(search)
            found["with"].append(turn())
    print("| index | µs of a command | of these at the server |")
    print("| --- | ---: | ---: |")
    for name, turns in found.items():
        both, at_server = (statistics.median(one) for one in zip(*turns, strict=True))
        print(f"| {name} | {both:.0f} | {at_server:.0f} |")


if __name__ == "__main__":
    main()
