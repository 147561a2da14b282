"""The quantity over time as steps, in the coordinates of an inline SVG."""

from collections.abc import Sequence

from cqrs_example.eventstore import RecordedEvent

WIDTH, HEIGHT = 640, 160


def step_chart(events: Sequence[RecordedEvent], low: int) -> dict[str, object]:
    """What the template draws: time goes to the right, quantities up from 0; oldest event first.

    Each event is as wide as any other: what happened within a minute can be told apart.
    """
    if not events:
        return {}
    quantities = [event.data.quantity_on_hand for event in events]
    most = max([2 * low, *quantities])
    step = WIDTH / len(quantities)
    heights = [round(HEIGHT * (1 - quantity / most), 1) for quantity in quantities]
    steps = " ".join(f"V{y}H{round((n + 1) * step, 1)}" for n, y in enumerate(heights))
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "path": f"M0 {heights[0]}{steps}",
        "threshold": round(HEIGHT * (1 - low / most), 1),
        "most": most,
        "first": events[0],
        "last": events[-1],
        "lowest": min(quantities),
        "highest": max(quantities),
    }
