"""The quantity over time as steps, in the coordinates of an inline SVG: of the whole stream.

Of a long stream each step stands for several events, and shows the lowest and the highest of them.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from cqrs_example.eventstore.looking import rows

WIDTH, HEIGHT = 640, 160
MOST_STEPS = 320  # two pixels for each

# What every event of a product says, in each version of its schema. Events that are no such, or
# that nobody can read, are left out.
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
    """One event, or several that follow each other."""

    since: datetime
    until: datetime
    lowest: int
    highest: int
    last: int  # what was there after the last of them


def steps_of(stream: str, version: int) -> tuple[list[Step], int]:
    """Those of a stream up to a version, and how many events each stands for, at most."""
    each = -(-version // MOST_STEPS)
    found = rows(STEPS, [stream, version, each, stream])
    return [Step(since, until, *map(int, quantities)) for since, until, *quantities in found], each


def step_chart(steps: Sequence[Step], low: int) -> dict[str, Any]:
    """What the template draws: time goes to the right, quantities up from 0; oldest step first."""
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
    """On to where each step begins, over all that it has, to what it ends with."""
    span = end - begin
    # An import may tell of something later than what came after it: time never goes back here.
    times = list(accumulate((step.since for step in steps), max))
    lefts = [round(WIDTH * ((at - begin) / span), 1) if span else 0.0 for at in times]
    drawn = []
    for left, step in zip(lefts, steps, strict=True):
        over = (step.lowest, step.highest) if step.lowest < step.highest else ()
        drawn.append(f"H{left}" + "".join(f"V{_down(q, most)}" for q in (*over, step.last)))
    return f"M0 {_down(steps[0].lowest, most)}{''.join(drawn)}H{WIDTH}"


def _tick(most: int) -> int:
    """1, 2 or 5, or with zeros behind: such that there are five lines at most besides zero."""
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
