"""The faults, by name, in the order in which they are tried. The first line of each is what the
report says of it; each returns how many processes it killed, and leaves nothing broken behind."""

from collections.abc import Callable
from typing import Any

from dev.chaos.faults import (
    between,
    broker,
    disk,
    handlers,
    operations,
    processes,
    sessions,
    wire,
)

Faults = dict[str, Callable[[Any], int]]

MODULES = (processes, sessions, wire, between, handlers, operations, disk)
IN_THE_TRANSACTION: Faults = {fault.__name__: fault for one in MODULES for fault in one.FAULTS}
# What is worst for those that hear after the commit, through the broker: see `following`.
OTHERS = (processes.postgres_killed, processes.postgres_stopped, operations.rebuilt_under_kills)
AFTER_THE_COMMIT: Faults = {fault.__name__: fault for fault in (*broker.FAULTS, *OTHERS)}

SHORT = (
    "postgres_killed",
    "workers_killed",
    "commit_answers_lost",
    "died_before_projection",
    "connections_cut",
)
SHORT_AFTER_THE_COMMIT = ("relay_killed", "subscribers_killed", "broker_killed")
# A handler that raises is a mistake in the code, and answered as one.
EXPECTED = {"handler_raises": {500}}


def meaning(name: str) -> str:
    fault = (IN_THE_TRANSACTION | AFTER_THE_COMMIT)[name]
    return (fault.__doc__ or "").partition("\n")[0].rstrip(".")
