"""What it costs to keep how long handlers take: `docs/measurements.md`.

    DATABASE_URL=postgresql://…/a_database_of_its_own python -m dev.measure_timings

What is compared is the time on a processor, of the process that sends commands and of its session
at the server, as in `dev.measure_search`. What a thread writes once a second otherwise is written
by the same session here, after each turn, so that it is counted. With and without take turns.
"""

import statistics
from time import process_time

from django.test import override_settings

from .measure_pages import call_command, connection
from .measure_search import COMMANDS, seconds_of_session, turn

TURNS = 8
TIMED = "cqrs_example.inspection.timings.timed"


def turn_with_writing() -> float:
    """Microseconds of a command, with its part of what is written afterwards."""
    from cqrs_example.inspection import timings

    both, _ = turn()
    at_server, here = seconds_of_session(), process_time()
    timings.flush()
    return both + (process_time() - here + seconds_of_session() - at_server) * 1e6 / COMMANDS


def main() -> None:
    from cqrs_example.inspection import timings

    call_command("migrate", verbosity=0)
    timings.begin_writing = lambda: None
    found: dict[str, list[float]] = {"without": [], "with": []}
    turn()
    for _ in range(TURNS):
        for name, paths in (("without", []), ("with", [TIMED])):
            with override_settings(AROUND_HANDLERS=paths):
                found[name].append(turn_with_writing())
    pairs = zip(found["with"], found["without"], strict=True)
    print("| timings | µs of a command |\n| --- | ---: |")
    for name, turns in found.items():
        print(f"| {name} | {statistics.median(turns):.0f} |")
    print(f"median of the turns' ratios: {statistics.median(a / b for a, b in pairs):.3f}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inspection_handlertiming")
        print(f"rows kept: {cursor.fetchone()[0]}")


if __name__ == "__main__":
    main()
