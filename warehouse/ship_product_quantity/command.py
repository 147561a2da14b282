from dataclasses import dataclass

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import DomainError, Transaction
from warehouse.events import ProductQuantityShipped, product_stream

NOT_GIVEN = "not given"


@dataclass(frozen=True)
class ShipProductQuantity:
    sku: str
    quantity: int
    reference: str = NOT_GIVEN


def decide(on_hand: int, command: ShipProductQuantity) -> list[ProductQuantityShipped]:
    if command.quantity > on_hand:
        raise DomainError("Insufficient quantity on hand.", field="quantity")
    left = on_hand - command.quantity
    return [ProductQuantityShipped(command.sku, command.quantity, left, command.reference)]


def handle(
    tx: Transaction, command: ShipProductQuantity
) -> list[RecordedEvent[ProductQuantityShipped]]:
    [product] = tx.lock(product_stream(command.sku))  # other writers of this product wait here
    on_hand = product.last.data.quantity_on_hand if product.last else 0
    return tx.append(product, decide(on_hand, command))
