from dataclasses import dataclass

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import DomainError, Transaction
from warehouse.events import ProductQuantityCounted, isolated, product_stream


@dataclass(frozen=True)
class CountProductQuantity:
    sku: str
    quantity: int
    reason: str = ""


def decide(on_hand: int | None, command: CountProductQuantity) -> list[ProductQuantityCounted]:
    """A count is a fact, and is recorded even if it shows no difference.

    `on_hand` is None if there is no such product. A count of some begins it; a count of none is
    refused, since the SKU was probably mistyped.
    """
    if on_hand is None and command.quantity == 0:
        unknown = f"There is no product {isolated(command.sku)}, so nothing of it can be missing."
        raise DomainError(unknown, field="quantity")
    difference = command.quantity - (on_hand or 0)
    return [ProductQuantityCounted(command.sku, difference, command.quantity, command.reason)]


def handle(
    tx: Transaction, command: CountProductQuantity
) -> list[RecordedEvent[ProductQuantityCounted]]:
    [product] = tx.lock(product_stream(command.sku))  # other writers of this product wait here
    on_hand = product.last.data.quantity_on_hand if product.last else None
    return tx.append(product, decide(on_hand, command))
