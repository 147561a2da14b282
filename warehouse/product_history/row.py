"""What the history of a product says of each of its events."""

from typing import Any, NamedTuple, assert_never

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.eventstore.looking import Unreadable
from warehouse.events import (
    ProductEvent,
    ProductQuantityCounted,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    change,
)
from warehouse.quantities import signed


class Row(NamedTuple):
    event: RecordedEvent[Any]
    what: str
    note: str
    change: str


def as_row(event: RecordedEvent[Any]) -> Row:
    if isinstance(event.data, Unreadable):
        return Row(event, str(event), "", "")
    return Row(event, *_sentence(event.data), signed(change(event.data)))


def _sentence(event: ProductEvent) -> tuple[str, str]:
    """What happened, and what else was recorded about it; the page itself names the product."""
    match event:
        case ProductQuantityIncreased(quantity=quantity, reference=reference):
            return f"Received {quantity:,}", f"delivery note: {reference}" if reference else ""
        case ProductQuantityShipped(quantity=quantity, reference=reference):
            return f"Shipped {quantity:,}", f"order number: {reference}"
        case ProductQuantityCounted(quantity_on_hand=counted, reason=reason):
            return f"Counted {counted:,}", reason
        case _:
            assert_never(event)
