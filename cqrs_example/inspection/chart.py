"""Events per minute, hour or day as bars, in the coordinates of an inline SVG."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

WIDTH, HEIGHT, MOST_BARS = 720, 120, 72
STEPS = {unit: timedelta(**{f"{unit}s": 1}) for unit in ("minute", "hour", "day")}


def bars(unit: str, counts: Sequence[tuple[datetime, int]]) -> dict[str, Any]:
    """The values for the template: one bar for each of the last minutes, hours or days.

    `counts` are the times at which such a unit began, oldest first, with the number of events in
    it. The newest is the last bar; there are `MOST_BARS` at most.
    """
    if not counts:
        return {}
    step, end, number_at = STEPS[unit], counts[-1][0], dict(counts)
    begin = max(counts[0][0], end - (MOST_BARS - 1) * step)
    times = [begin + number * step for number in range((end - begin) // step + 1)]
    numbers = [number_at.get(at, 0) for at in times]
    most, width = max(numbers), WIDTH / len(times)
    drawn = [_bar(nth, number, most, width) for nth, number in enumerate(numbers)]
    return {
        "unit": unit,
        "width": WIDTH,
        "height": HEIGHT,
        "path": "".join(drawn),
        "begin": begin,
        "end": end,
        "most": most,
        "with_events": [(at, number_at[at]) for at in reversed(times) if at in number_at],
    }


def _bar(number: int, count: int, most: int, width: float) -> str:
    if not count:
        return ""
    tall = max(HEIGHT * count / most, 1)
    left, broad = number * width, min(width * 0.85, 40)
    return f"M{left:.1f} {HEIGHT}v-{tall:.1f}h{broad:.1f}V{HEIGHT}z"
