"""Count commands, refusals and retries in each process, and measure how long all took.

A thread of each process counts once a second what commands have put aside, and `/metrics` does so
before it answers. If the environment variable `PROMETHEUS_MULTIPROC_DIR` is set before this module
is imported, prometheus_client lets several processes share their numbers, in files of that folder.
"""

import atexit
from collections.abc import Sequence
from functools import cache, partial

from prometheus_client import Counter, Histogram

from ..messaging import CommandIdReused, DomainError
from ..messaging.around import retries
from ..messaging.observing import Aside, Measuring

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

COMMANDS = Counter("cqrs_commands", "Commands, by their outcome.", ["command", "outcome"])
RETRIES = Counter("cqrs_command_retries", "Attempts after a deadlock or a lost race.", ["command"])
DURATION = Histogram(
    "cqrs_command_duration_seconds", "Of commands, with retries.", ["command"], buckets=SECONDS
)
HANDLERS = Histogram(
    "cqrs_handler_duration_seconds", "Of projections and policies.", ["handler"], buckets=SECONDS
)
REFUSED = (DomainError, CommandIdReused)

# What became of commands, what they took, and their retries; the name and time of handlers.
Seen = tuple[str, str, float, int] | tuple[str, float]


def command(command: object, context: object) -> Measuring:
    """A context manager for `settings.AROUND_COMMANDS`, which counts and measures commands."""
    return Measuring(__name__, partial(_done, type(command).__name__, retries.get()))


def handler(name: str, events: Sequence[object]) -> Measuring:
    """A context manager for `settings.AROUND_HANDLERS`, which measures projections and policies."""
    return Measuring(__name__, partial(_heard, name))


def _done(name: str, tried: int, seconds: float, error: BaseException | None) -> None:
    outcome = "refused" if isinstance(error, REFUSED) else "failed" if error else "done"
    ASIDE.put((name, outcome, seconds, retries.get() - tried))


def _heard(name: str, seconds: float, error: BaseException | None) -> None:
    ASIDE.put((name, seconds))


def _count(seen: Sequence[Seen]) -> None:
    for one in seen:
        if len(one) == 2:
            _handlers(one[0]).observe(one[1])
        else:
            name, outcome, seconds, again = one
            _commands(name, outcome).inc()
            _durations(name).observe(seconds)
            if again:
                RETRIES.labels(name).inc(again)


# `labels` looks up under a lock what is always the same.
@cache
def _commands(name: str, outcome: str) -> Counter:
    return COMMANDS.labels(name, outcome)


@cache
def _durations(name: str) -> Histogram:
    return DURATION.labels(name)


@cache
def _handlers(name: str) -> Histogram:
    return HANDLERS.labels(name)


# At once it would take three times as long, between all else that a command does.
ASIDE: Aside[Seen] = Aside(__name__, _count, 100_000)
atexit.register(ASIDE.flush)
