from collections.abc import Sequence

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import upsert
from warehouse.events import NotifiedLowProductQuantity, ProductEvent

from .models import LowProductQuantityNotification as Item
from .policy import leaves_few

MODELS = [Item]


def project(events: Sequence[RecordedEvent[ProductEvent | NotifiedLowProductQuantity]]) -> None:
    """An event that leaves few opens an item; the notification that it caused closes the item."""
    opened, closed = [], []
    for event in events:
        data = event.data
        if isinstance(data, NotifiedLowProductQuantity):
            closed.append(Item(opened_by=event.causation_id, notified_at=event.occurred_at))
        elif leaves_few(data):
            item = {"opened_by": event.id, "sku": data.sku, "quantity": data.quantity_on_hand}
            opened.append({**item, "requested_at": event.occurred_at})
    upsert(Item, opened)
    if closed:  # without this the ORM would run an empty update in each command
        Item.objects.bulk_update(closed, ["notified_at"])
