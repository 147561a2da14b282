"""The quantity of a product over time as steps, in the coordinates of an inline SVG.

The chart shows the whole stream. In a long stream each step stands for several events, and shows
their lowest and highest quantity.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from cqrs_example.eventstore.looking import rows

WIDTH, HEIGHT = 640, 160
MOST_STEPS = 320  # two pixels for each

# It reads `quantity_on_hand`, which every event of a product has in each schema version. Events
# without such a number are left out.
STEPS = """
    WITH step AS (
        SELECT min(occurred_at) AS since, max(occurred_at) AS until, max(version) AS last,
            min(quantity) AS lowest, max(quantity) AS highest
        FROM (SELECT version, occurred_at, CASE jsonb_typeof(data -> 'quantity_on_hand')
                WHEN 'number' THEN (data ->> 'quantity_on_hand')::numeric END AS quantity
            FROM eventstore_event WHERE stream = %s AND version <= %s) AS told
        WHERE quantity IS NOT NULL GROUP BY (version - 1) / %s)
    SELECT since, until, lowest, highest, (event.data ->> 'quantity_on_hand')::numeric
    FROM step JOIN eventstore_event AS event ON event.stream = %s AND event.version = step.last
    ORDER BY last
"""


class Step(NamedTuple):
    """One event, or several consecutive ones."""

    since: datetime
    until: datetime
    lowest: int
    highest: int
    last: int  # the quantity after the last of them


def steps_of(stream: str, version: int) -> tuple[list[Step], int]:
    """The steps of a stream up to a version, and the number of events in each, at most."""
    each = -(-version // MOST_STEPS)
    found = rows(STEPS, [stream, version, each, stream])
    return [Step(since, until, *map(int, quantities)) for since, until, *quantities in found], each


def step_chart(steps: Sequence[Step], low: int) -> dict[str, Any]:
    """The values for the template. Time goes to the right, and quantities go up from 0; the oldest
    step comes first."""
    if not steps:
        return {}
    highest = max(step.highest for step in steps)
    every = _tick(max(highest, 2 * low))
    most = every * -(-max(highest, 2 * low) // every)
    begin = min(step.since for step in steps)
    end = max(step.until for step in steps)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "path": _path(steps, begin, end, most),
        "middle": WIDTH // 2,
        "ticks": [(n, _percent(n, most), _down(n, most)) for n in range(0, most + 1, every)],
        "threshold": _down(low, most),
        "low_at": _percent(low, most),
        "dates": (begin, begin + (end - begin) / 2, end),
        "lowest": min(step.lowest for step in steps),
        "highest": highest,
        "last": steps[-1].last,
    }


def _path(steps: Sequence[Step], begin: datetime, end: datetime, most: int) -> str:
    """The SVG path: right to the beginning of each step, over its lowest and highest quantity, and
    to its last one."""
    span = end - begin
    # An import may give an event a later time than the next event has: the line must not go back.
    times = list(accumulate((step.since for step in steps), max))
    lefts = [round(WIDTH * ((at - begin) / span), 1) if span else 0.0 for at in times]
    drawn = []
    for left, step in zip(lefts, steps, strict=True):
        over = (step.lowest, step.highest) if step.lowest < step.highest else ()
        drawn.append(f"H{left}" + "".join(f"V{_down(q, most)}" for q in (*over, step.last)))
    return f"M0 {_down(steps[0].lowest, most)}{''.join(drawn)}H{WIDTH}"


def _tick(most: int) -> int:
    """The distance of grid lines: 1, 2 or 5 times a power of ten, for up to five lines above 0."""
    tick = 1
    while True:
        for times in (1, 2, 5):
            if most <= 5 * tick * times:
                return tick * times
        tick *= 10


def _down(quantity: int, most: int) -> float:
    return round(HEIGHT * (1 - quantity / most), 1)


def _percent(quantity: int, most: int) -> str:
    return f"{100 * (1 - quantity / most):.1f}%"
