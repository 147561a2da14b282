"""Rules that must hold for notifications; `manage.py verify` checks them."""

from collections.abc import Iterable, Iterator

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import NotifiedLowProductQuantity, low_product_quantity_notification_stream

from .models import LowProductQuantityNotification


def streams(stream: Iterable[RecordedEvent[NotifiedLowProductQuantity]]) -> Iterator[str]:
    """The notifications about a product are in the stream with the product's name."""
    for event in stream:
        if event.stream != low_product_quantity_notification_stream(event.data.sku):
            yield f"{event.stream}: version {event.version} is about the product {event.data.sku}"


def notified() -> Iterator[str]:
    """Each event that left few was followed by a notification."""
    for item in LowProductQuantityNotification.objects.filter(notified_at=None).iterator():
        yield f"{item.sku}: the event {item.opened_by} left {item.quantity}: nobody was notified"
