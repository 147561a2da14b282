from django.conf import settings

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import Transaction
from warehouse.events import ProductQuantityShipped

from .command import NotifyLowProductQuantity, handle


def notify(tx: Transaction, event: RecordedEvent) -> None:
    """Whenever a shipment leaves little, notify."""
    match event.data:
        case ProductQuantityShipped(sku=sku, quantity_on_hand=left) if is_low(left):
            tx.execute(handle, NotifyLowProductQuantity(sku, left))


def is_low(quantity: int) -> bool:
    return quantity <= settings.LOW_PRODUCT_QUANTITY
