from collections.abc import Sequence

from django.conf import settings

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import Transaction
from warehouse.events import NotifiedLowProductQuantity, ProductEvent, change

from .command import NotifyLowProductQuantity, handle


def notify(
    tx: Transaction, event: RecordedEvent[ProductEvent]
) -> Sequence[RecordedEvent[NotifiedLowProductQuantity]]:
    """Whenever an event takes from a product and leaves few, notify."""
    if not leaves_few(event.data):
        return []
    return tx.execute(handle, NotifyLowProductQuantity(event.data.sku, event.data.quantity_on_hand))


def leaves_few(event: ProductEvent) -> bool:
    """Whether an event takes from a product and leaves few; a receipt is no reason to warn."""
    return change(event) < 0 and event.quantity_on_hand <= settings.LOW_PRODUCT_QUANTITY
