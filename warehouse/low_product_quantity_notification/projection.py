from collections.abc import Sequence
from uuid import UUID

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import NotifiedLowProductQuantity, ProductQuantityShipped

from .models import LowProductQuantityNotification as Item
from .policy import is_low

MODELS = [Item]


def project(events: Sequence[RecordedEvent]) -> None:
    """A shipment that leaves little opens an item; the notification that it caused closes it."""
    opened: dict[UUID, Item] = {}
    closed: list[Item] = []
    for event in events:
        match event.data:
            case ProductQuantityShipped(sku=sku, quantity_on_hand=left) if is_low(left):
                opened[event.id] = Item(
                    shipment=event.id, sku=sku, quantity=left, requested_at=event.recorded_at
                )
            case NotifiedLowProductQuantity() if event.causation_id in opened:
                opened[event.causation_id].notified_at = event.recorded_at
            case NotifiedLowProductQuantity():
                closed.append(Item(shipment=event.causation_id, notified_at=event.recorded_at))
    Item.objects.bulk_create(opened.values())
    Item.objects.bulk_update(closed, ["notified_at"])
