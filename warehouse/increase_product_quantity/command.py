from dataclasses import dataclass

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import DomainError, Transaction
from warehouse.events import ProductQuantityIncreased, product_stream

MOST = 2**63 - 1  # what a bigint holds


@dataclass(frozen=True)
class IncreaseProductQuantity:
    sku: str
    quantity: int


def decide(on_hand: int, command: IncreaseProductQuantity) -> list[ProductQuantityIncreased]:
    total = on_hand + command.quantity
    if total > MOST:
        raise DomainError(f"There cannot be more than {MOST:,} on hand.", field="quantity")
    return [ProductQuantityIncreased(command.sku, command.quantity, total)]


def handle(
    tx: Transaction, command: IncreaseProductQuantity
) -> list[RecordedEvent[ProductQuantityIncreased]]:
    [product] = tx.lock(product_stream(command.sku))  # other writers of this product wait here
    on_hand = product.last.data.quantity_on_hand if product.last else 0
    return tx.append(product, decide(on_hand, command))
