from collections.abc import Sequence

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import NotifiedLowProductQuantity, ProductQuantityShipped

from .models import LowProductQuantityNotification as Item
from .policy import is_low

MODELS = [Item]


def project(events: Sequence[RecordedEvent]) -> None:
    """A shipment that leaves little opens an item; the notification that it caused closes it."""
    opened, closed = [], []
    for event in events:
        match event.data:
            case ProductQuantityShipped(sku=sku, quantity_on_hand=left) if is_low(left):
                at = event.recorded_at
                opened.append(Item(shipment=event.id, sku=sku, quantity=left, requested_at=at))
            case NotifiedLowProductQuantity():
                closed.append(Item(shipment=event.causation_id, notified_at=event.recorded_at))
    Item.objects.bulk_create(opened)
    Item.objects.bulk_update(closed, ["notified_at"])
