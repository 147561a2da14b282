"""The connections between the application and its database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from dev.chaos.clients import CLIENTS
from dev.chaos.harness import Harness
from dev.chaos.proxy import Mode


def connections_cut(harness: Harness) -> int:
    """All connections to the database are cut, ten times, under load."""
    for _ in harness.load.turns(10, commands=20):
        harness.proxy.cut()
    return 0


def connections_dead(harness: Harness) -> int:
    """The wire passes nothing on until every client has given up once; then it is cut."""
    with _wire(harness, Mode.DEAD):
        harness.load.wait_for_failures(CLIENTS)
    harness.proxy.cut()
    return 0


def connections_slow(harness: Harness) -> int:
    """Every packet takes 0.1 s longer and arrives in pieces of 100 bytes, for thirty commands."""
    with _wire(harness, Mode.SLOW):
        harness.load.wait_for(30, after=time.monotonic())
    return 0


def commit_answers_lost(harness: Harness) -> int:
    """The database commits, and the connection is cut before it can say so, a hundred times."""
    with _wire(harness, Mode.LOSE_COMMIT):
        harness.load.wait_for_failures(100)
    return 0


@contextmanager
def _wire(harness: Harness, mode: Mode) -> Iterator[None]:
    harness.proxy.mode = mode
    try:
        yield
    finally:
        harness.proxy.mode = Mode.PASS


FAULTS = (connections_cut, connections_dead, connections_slow, commit_answers_lost)
