from dataclasses import dataclass

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import DomainError, Transaction
from warehouse.events import ProductQuantityShipped, product_stream


@dataclass(frozen=True)
class ShipProductQuantity:
    sku: str
    quantity: int


def decide(on_hand: int, command: ShipProductQuantity) -> list[ProductQuantityShipped]:
    if command.quantity > on_hand:
        raise DomainError("Insufficient quantity on hand.")
    return [ProductQuantityShipped(command.sku, command.quantity, on_hand - command.quantity)]


def handle(tx: Transaction, command: ShipProductQuantity) -> list[RecordedEvent]:
    [product] = tx.lock(product_stream(command.sku))  # other writers of this product wait here
    on_hand = product.last.data.quantity_on_hand if product.last else 0
    return tx.append(product, decide(on_hand, command))
