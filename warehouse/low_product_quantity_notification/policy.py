from collections.abc import Sequence

from django.conf import settings

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import Transaction
from warehouse.events import NotifiedLowProductQuantity, ProductQuantityShipped

from .command import NotifyLowProductQuantity, handle


def notify(
    tx: Transaction, event: RecordedEvent[ProductQuantityShipped]
) -> Sequence[RecordedEvent[NotifiedLowProductQuantity]]:
    """Whenever a shipment leaves little, notify."""
    sku, left = event.data.sku, event.data.quantity_on_hand
    return tx.execute(handle, NotifyLowProductQuantity(sku, left)) if is_low(left) else []


def is_low(quantity: int) -> bool:
    return quantity <= settings.LOW_PRODUCT_QUANTITY
