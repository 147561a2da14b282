from collections.abc import Sequence
from typing import assert_never

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import NotifiedLowProductQuantity, ProductQuantityShipped

from .models import LowProductQuantityNotification as Item
from .policy import is_low

MODELS = [Item]


def project(
    events: Sequence[RecordedEvent[ProductQuantityShipped | NotifiedLowProductQuantity]],
) -> None:
    """A shipment that leaves little opens an item; the notification that it caused closes it."""
    opened, closed = [], []
    for event in events:
        match event.data:
            case ProductQuantityShipped(sku=sku, quantity_on_hand=left):
                item = Item(shipment=event.id, sku=sku, quantity=left)
                item.requested_at = event.recorded_at
                opened += [item] if is_low(left) else []
            case NotifiedLowProductQuantity():
                closed.append(Item(shipment=event.causation_id, notified_at=event.recorded_at))
            case _:
                assert_never(event.data)
    Item.objects.bulk_create(opened)
    Item.objects.bulk_update(closed, ["notified_at"])
