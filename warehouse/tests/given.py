"""What has happened before a test begins: recorded and heard by all, with no slice for it."""

from dataclasses import dataclass
from typing import Any

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import Context, Transaction, execute
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped, product_stream


@dataclass(frozen=True)
class Move:
    """So many of a product came (or, below 0, went)."""

    sku: str
    change: int
    reference: str = "not given"


def move(tx: Transaction, command: Move) -> list[RecordedEvent[Any]]:
    sku, change = command.sku, command.change
    [product] = tx.lock(product_stream(sku))
    on_hand = (product.last.data.quantity_on_hand if product.last else 0) + change
    event: Any = ProductQuantityIncreased(sku, change, on_hand)
    if change < 0:
        event = ProductQuantityShipped(sku, -change, on_hand, command.reference)
    return tx.append(product, [event])


def received(sku: str, quantity: int, context: Context | None = None) -> RecordedEvent[Any]:
    return execute(move, Move(sku, quantity), context or Context())[0]


def shipped(sku: str, quantity: int, context: Context | None = None) -> RecordedEvent[Any]:
    return execute(move, Move(sku, -quantity), context or Context())[0]
