"""How much of everything a run measures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    rounds: int
    commands: int  # in a round, for each process
    requests: int  # in a round, for each of the clients
    bulk: int  # events in a round of bulk append, lines of an import
    replayed: int  # events
    sizes: tuple[int, ...]  # events in the log, where growth is measured
    aged: int  # requests before a worker's memory is measured again
    delays: int  # commands of which is measured when a worker's row shows them
    caught_up: int  # events that workers have missed


SHORT = Scale(5, 100, 25, 5_000, 50_000, (10_000, 100_000), 4_000, 150, 20_000)
FULL = Scale(
    9, 400, 200, 100_000, 1_000_000, (10_000, 1_000_000, 5_000_000), 100_000, 1_000, 100_000
)
