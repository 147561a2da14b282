"""What each process counts and measures: commands, refusals, retries, and how long all took.

Several processes share their numbers through files in the folder `PROMETHEUS_MULTIPROC_DIR`, by
prometheus_client's own means; the variable must be there before this is imported.
"""

import time
from collections.abc import Generator, Sequence

from prometheus_client import Counter, Histogram

from ..messaging import CommandIdReused, DomainError
from ..messaging.around import observing, retries

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

COMMANDS = Counter("cqrs_commands", "Commands, by what became of them.", ["command", "outcome"])
RETRIES = Counter("cqrs_command_retries", "Attempts after a deadlock or a lost race.", ["command"])
DURATION = Histogram(
    "cqrs_command_duration_seconds", "Of commands, with retries.", ["command"], buckets=SECONDS
)
HANDLERS = Histogram(
    "cqrs_handler_duration_seconds", "Of projections and policies.", ["handler"], buckets=SECONDS
)


@observing
def command(command: object, context: object) -> Generator[None, None, None]:
    """For `settings.AROUND_COMMANDS`."""
    name, outcome = type(command).__name__, "failed"
    begun, tried = time.perf_counter(), retries.get()
    try:
        yield
        outcome = "done"
    except (DomainError, CommandIdReused):
        outcome = "refused"
        raise
    finally:
        COMMANDS.labels(name, outcome).inc()
        DURATION.labels(name).observe(time.perf_counter() - begun)
        if again := retries.get() - tried:
            RETRIES.labels(name).inc(again)


@observing
def handler(name: str, events: Sequence[object]) -> Generator[None, None, None]:
    """For `settings.AROUND_HANDLERS`."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        HANDLERS.labels(name).observe(time.perf_counter() - begun)
