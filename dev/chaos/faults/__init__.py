"""The faults, by name, in the order in which they are tried. The first line of each is what the
report says of it; each returns how many processes it killed, and leaves nothing broken behind."""

from dev.chaos.faults import between, disk, handlers, operations, processes, sessions, wire
from dev.chaos.harness import Fault

MODULES = (processes, sessions, wire, between, handlers, operations, disk)
FAULTS: dict[str, Fault] = {fault.__name__: fault for one in MODULES for fault in one.FAULTS}

SHORT = (
    "postgres_killed",
    "workers_killed",
    "commit_answers_lost",
    "died_before_projection",
    "connections_cut",
)
# A handler that raises is a mistake in the code, and answered as one.
EXPECTED = {"handler_raises": {500}}


def meaning(name: str) -> str:
    return (FAULTS[name].__doc__ or "").partition("\n")[0].rstrip(".")
