"""Rounds that alternate, and what comes of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

Run = Callable[[], float]


@dataclass(frozen=True)
class Row:
    """A case beside its reference, both as medians in `unit`; `goal` is a bound of the ratio.

    Without a reference it is a figure by itself.
    """

    case: str
    beside: str
    unit: str
    value: float
    reference: float | None = None
    ratio: float = 1.0
    rounds: int = 1
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """None where there is no goal."""
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return self.ratio <= self.at_most if self.at_most is not None else None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}


def at_most_the_goal(case: str, unit: str, value: float, goal: float) -> Row:
    """A figure that has a goal of its own."""
    return Row(case, "its goal", unit, value, goal, value / goal, at_most=1.0)


def alternate(rounds: int, runs: Mapping[str, Run]) -> dict[str, list[float]]:
    """Each run once in every round, after a first round that does not count."""
    measured: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            value = run()
            if number:
                measured[name].append(value)
    return measured


def beside(
    case: str,
    measured: Mapping[str, Sequence[float]],
    unit: str,
    goals: Mapping[str, float],
) -> list[Row]:
    """Rows of the first run beside each of the others; `goals` are the least ratios, by name."""
    (_, values), *references = measured.items()
    return [
        Row(
            case,
            name,
            unit,
            median(values),
            median(others),
            median(a / b for a, b in zip(values, others, strict=True)),
            len(values),
            at_least=goals.get(name),
        )
        for name, others in references
    ]
