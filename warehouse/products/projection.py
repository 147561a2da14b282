from collections.abc import Sequence

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import upsert
from warehouse.events import ProductEvent

from .models import Product

MODELS = [Product]


def project(events: Sequence[RecordedEvent[ProductEvent]]) -> None:
    """Each event has the quantity on hand, so the last event of a product is enough."""
    last = {event.data.sku: event for event in events}
    rows = [
        {"sku": sku, "quantity": event.data.quantity_on_hand, "changed_at": event.occurred_at}
        for sku, event in last.items()
    ]
    upsert(Product, rows)
