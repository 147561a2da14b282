"""Find the events of the log for the activity page, also those of some days."""

from typing import Any

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.eventstore.log import END
from cqrs_example.eventstore.looking import events_between, look
from cqrs_example.eventstore.recorded import SELECT
from cqrs_example.http.days import Days

# The keys of pages are positions, as in other lists. The time belonging to one is looked up here.
BESIDE = (
    "(occurred_at, position) {}"
    " (SELECT occurred_at, position FROM eventstore_event WHERE position = %s)"
)


def found(
    days: Days,
    stored_type: str | None,
    *,
    after: int = 0,
    before: int = END,
    backwards: bool,
    limit: int,
) -> list[RecordedEvent[Any]]:
    """Events as `events_between` finds them; with days, those that occurred on them, by time."""
    if not days:
        window: dict[str, Any] = {"after": after, "before": before}
        return events_between(**window, stored_type=stored_type, backwards=backwards, limit=limit)
    values: list[object] = [days.begin, days.end]
    conditions = ["occurred_at BETWEEN %s AND %s"]
    if stored_type:
        conditions, values = [*conditions, "type = %s"], [*values, stored_type]
    if after > 0:
        conditions, values = [*conditions, BESIDE.format(">")], [*values, after]
    if before < END:
        conditions, values = [*conditions, BESIDE.format("<")], [*values, before]
    way = "DESC" if backwards else "ASC"
    where = " AND ".join(conditions)
    order = f"occurred_at {way}, position {way}"
    return look(f"{SELECT} WHERE {where} ORDER BY {order} LIMIT %s", [*values, limit])
