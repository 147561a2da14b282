"""What the clients wrote down, held against what the log holds."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID, uuid4

ACKNOWLEDGED, REFUSED, UNKNOWN = "acknowledged", "refused", "unknown"


@dataclass
class Sent:
    """A command as its client knows it. `outcome` is unknown until an answer says otherwise."""

    sku: str
    change: int  # positive: increase; negative: ship
    key: UUID = field(default_factory=uuid4)
    outcome: str = UNKNOWN
    answered_at: float = 0.0  # seconds, monotonic


class Logged(NamedTuple):
    """An event of a product, as far as the books know of it."""

    key: UUID
    sku: str
    change: int


@dataclass
class Audit:
    """What is wrong; empty lists: nothing."""

    lost: list[UUID]
    duplicated: list[UUID]
    invented: list[UUID]
    altered: list[UUID]
    undecided: list[UUID]

    def sentences(self) -> list[str]:
        """A sentence for each kind of finding, with its first keys."""
        meanings = {
            "lost": "was acknowledged and is not in the log",
            "duplicated": "is in the log more than once",
            "invented": "is in the log, but was refused or never sent",
            "altered": "is in the log with another product or quantity than sent",
            "undecided": "has no outcome even after it was sent again",
        }
        return [
            f"{len(keys)} times a command {meaning}, such as {keys[0]}."
            for name, meaning in meanings.items()
            if (keys := getattr(self, name))
        ]


def audit(book: Iterable[Sent], log: Sequence[Logged]) -> Audit:
    """Hold the log against a book in which nothing should be unknown any more."""
    sent = {one.key: one for one in book}
    logged = {one.key: one for one in log}
    times = Counter(one.key for one in log)
    done = {key for key, one in sent.items() if one.outcome == ACKNOWLEDGED}
    both = done & logged.keys()
    return Audit(
        lost=sorted(done - logged.keys()),
        duplicated=sorted(key for key, count in times.items() if count > 1),
        invented=sorted(logged.keys() - done),
        altered=sorted(
            key
            for key in both
            if (sent[key].sku, sent[key].change) != (logged[key].sku, logged[key].change)
        ),
        undecided=sorted(key for key, one in sent.items() if one.outcome == UNKNOWN),
    )


def stock(book: Iterable[Sent]) -> Mapping[str, int]:
    """How many of each product there must be, by the books alone."""
    quantities: Counter[str] = Counter()
    for one in book:
        if one.outcome == ACKNOWLEDGED:
            quantities[one.sku] += one.change
    return quantities
