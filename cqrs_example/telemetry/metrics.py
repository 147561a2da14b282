"""Count commands, refusals and retries in each process, and measure how long all took.

If the environment variable `PROMETHEUS_MULTIPROC_DIR` is set before this module is imported,
prometheus_client lets several processes share their numbers, in files of that folder.
"""

import time
from collections.abc import Generator, Sequence

from prometheus_client import Counter, Histogram

from ..messaging import CommandIdReused, DomainError
from ..messaging.around import observing, retries

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

COMMANDS = Counter("cqrs_commands", "Commands, by their outcome.", ["command", "outcome"])
RETRIES = Counter("cqrs_command_retries", "Attempts after a deadlock or a lost race.", ["command"])
DURATION = Histogram(
    "cqrs_command_duration_seconds", "Of commands, with retries.", ["command"], buckets=SECONDS
)
HANDLERS = Histogram(
    "cqrs_handler_duration_seconds", "Of projections and policies.", ["handler"], buckets=SECONDS
)


@observing
def command(command: object, context: object) -> Generator[None, None, None]:
    """A context manager for `settings.AROUND_COMMANDS`, which counts and measures commands."""
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
    """A context manager for `settings.AROUND_HANDLERS`, which measures projections and policies."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        HANDLERS.labels(name).observe(time.perf_counter() - begun)
