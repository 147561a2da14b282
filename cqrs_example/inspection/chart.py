"""Events per hour as bars, in the coordinates of an inline SVG."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

WIDTH, HEIGHT, MOST_BARS = 720, 120, 72
HOUR = timedelta(hours=1)


def bars(counts: Sequence[tuple[datetime, int]]) -> dict[str, Any]:
    """What the template draws: the last `MOST_BARS` hours up to the newest event, one bar each."""
    if not counts:
        return {}
    end, by_hour = counts[-1][0], dict(counts)
    begin = max(counts[0][0], end - (MOST_BARS - 1) * HOUR)
    hours = [begin + number * HOUR for number in range((end - begin) // HOUR + 1)]
    most, width = max(by_hour.get(hour, 0) for hour in hours), WIDTH / len(hours)
    drawn = [_bar(n, by_hour.get(hour, 0), most, width) for n, hour in enumerate(hours)]
    hours_with_events = [(hour, by_hour[hour]) for hour in reversed(hours) if hour in by_hour]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "path": "".join(drawn),
        "begin": begin,
        "end": end,
        "most": most,
        "hours": hours_with_events,
    }


def _bar(number: int, count: int, most: int, width: float) -> str:
    if not count:
        return ""
    tall = max(HEIGHT * count / most, 1)
    left, broad = number * width, min(width * 0.85, 40)
    return f"M{left:.1f} {HEIGHT}v-{tall:.1f}h{broad:.1f}V{HEIGHT}z"
