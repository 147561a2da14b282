"""The rows of a product's history, one for each event."""

from collections.abc import Mapping
from typing import Any, NamedTuple, assert_never
from uuid import UUID

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.eventstore.looking import Unreadable
from warehouse.events import (
    DEEDS,
    ProductChangeUndone,
    ProductEvent,
    ProductQuantityCounted,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    change,
)
from warehouse.quantities import signed

COLUMNS = ("version", "occurred_at", "who", "what", "note", "change", "on_hand_after")


class Row(NamedTuple):
    event: RecordedEvent[Any]
    what: str
    note: str
    change: str
    undone_by: int | None = None  # the version that has undone it
    can_be_undone: bool = False


def as_row(event: RecordedEvent[Any], undone: Mapping[UUID, int]) -> Row:
    """The row of an event; `undone` maps the ids of undone events to the versions that did it."""
    if isinstance(event.data, Unreadable):
        return Row(event, str(event), "", "")
    by, changes = undone.get(event.id), change(event.data)
    is_undo = isinstance(event.data, ProductChangeUndone)
    can_be_undone = bool(changes) and not by and not is_undo
    return Row(event, *_sentence(event.data), signed(changes), by, can_be_undone)


def as_cells(event: RecordedEvent[Any]) -> list[object]:
    """The cells of an event's row in a spreadsheet, with plain numbers, which it can add up."""
    row, who = as_row(event, {}), event.metadata.get("actor", "")
    readable = not isinstance(event.data, Unreadable)
    numbers = (change(event.data), event.data.quantity_on_hand) if readable else ("", "")
    return [event.version, event.occurred_at, who, row.what, row.note, *numbers]


def _sentence(event: ProductEvent) -> tuple[str, str]:
    """The sentence about an event, and a note; the page itself names the product."""
    match event:
        case ProductQuantityIncreased(quantity=quantity, reference=reference):
            return f"Received {quantity:,}", f"delivery note: {reference}" if reference else ""
        case ProductQuantityShipped(quantity=quantity, reference=reference):
            return f"Shipped {quantity:,}", f"order number: {reference}"
        case ProductQuantityCounted(quantity_on_hand=counted, reason=reason):
            return f"Counted {counted:,}", reason
        case ProductChangeUndone(undone_type=undone_type, undone_version=version):
            return f"Undid a {DEEDS.get(undone_type, 'change')}", f"version {version:,}"
        case _:
            assert_never(event)
