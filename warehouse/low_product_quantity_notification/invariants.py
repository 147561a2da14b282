"""What must be true of notifications: `manage.py verify` asks."""

from collections.abc import Iterable, Iterator

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import NotifiedLowProductQuantity, low_product_quantity_notification_stream

from .models import LowProductQuantityNotification


def streams(stream: Iterable[RecordedEvent[NotifiedLowProductQuantity]]) -> Iterator[str]:
    """A product's notifications stand in the stream that is named after it."""
    for event in stream:
        if event.stream != low_product_quantity_notification_stream(event.data.sku):
            yield f"{event.stream}: version {event.version} is about the product {event.data.sku}"


def notified() -> Iterator[str]:
    """Whatever left few was followed by a notification."""
    for item in LowProductQuantityNotification.objects.filter(notified_at=None).iterator():
        yield f"{item.sku}: the event {item.opened_by} left {item.quantity}: nobody was notified"
