"""The events of some days, by the time at which they occurred."""

from typing import Any

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.eventstore.log import END
from cqrs_example.eventstore.looking import events_between, look
from cqrs_example.eventstore.recorded import SELECT
from cqrs_example.http.days import Days

# Where an event stands is asked for by its position alone, as everywhere.
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
    """`events_between` two positions; with days, those that occurred then, in the order of time."""
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
