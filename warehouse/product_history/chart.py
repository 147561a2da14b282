"""The quantity over time as steps, in the coordinates of an inline SVG."""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import ProductEvent

WIDTH, HEIGHT = 640, 160
NOW = 24  # the width of the last step, which has no end yet


def step_chart(events: Sequence[RecordedEvent[ProductEvent]], low: int) -> dict[str, object]:
    """What the template draws: time goes to the right, quantities up from 0; oldest event first."""
    if not events:
        return {}
    quantities = [event.data.quantity_on_hand for event in events]
    # An import may tell of something later than what came after it: time never goes back here.
    times = list(accumulate((event.occurred_at for event in events), max))
    most = max([2 * low, *quantities])
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "path": _steps([_left(at, times) for at in times], quantities, most),
        "threshold": _down(low, most),
        "most": most,
        "begin": times[0],
        "end": times[-1],
        "first": events[0],
        "last": events[-1],
        "lowest": min(quantities),
        "highest": max(quantities),
    }


def _steps(lefts: list[float], quantities: list[int], most: int) -> str:
    """Up or down to each quantity, then on to where the next one begins."""
    ends = [*lefts[1:], WIDTH]
    steps = (f"V{_down(q, most)}H{end}" for q, end in zip(quantities, ends, strict=True))
    return f"M0 {_down(quantities[0], most)}{''.join(steps)}"


def _left(at: datetime, times: Sequence[datetime]) -> float:
    span = times[-1] - times[0]
    return round((WIDTH - NOW) * ((at - times[0]) / span), 1) if span else 0.0


def _down(quantity: int, most: int) -> float:
    return round(HEIGHT * (1 - quantity / most), 1)
