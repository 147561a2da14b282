from collections.abc import Iterable
from dataclasses import dataclass

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import DomainError, Transaction
from warehouse.events import ProductChangeUndone, ProductEvent, change, isolated, product_stream

MOST = 2**63 - 1  # what a bigint holds


@dataclass(frozen=True)
class UndoProductChange:
    sku: str
    version: int  # of the event that is reversed, in the product's stream


def decide(
    on_hand: int, undone: RecordedEvent[ProductEvent], later: Iterable[RecordedEvent[ProductEvent]]
) -> list[ProductChangeUndone]:
    """Reverse the change of an event, even if later events have changed the quantity since."""
    data = undone.data
    if isinstance(data, ProductChangeUndone):
        raise DomainError(
            "This change is an undo itself: make the change that it undid again instead."
        )
    if change(data) == 0:
        raise DomainError("This changed nothing, so there is nothing to undo.")
    for event in later:
        if isinstance(event.data, ProductChangeUndone) and event.data.undone == undone.id:
            raise DomainError(f"This was undone before, by version {event.version:,}.")
    left = on_hand - change(data)
    if not 0 <= left <= MOST:
        raise DomainError(f"Undoing this would leave {left:,}: there are {on_hand:,} on hand.")
    return [
        ProductChangeUndone(
            sku=data.sku,
            undone=undone.id,
            undone_type=data.type,
            undone_version=undone.version,
            undone_at=undone.occurred_at,
            change=-change(data),
            quantity_on_hand=left,
        )
    ]


def handle(tx: Transaction, command: UndoProductChange) -> list[RecordedEvent[ProductChangeUndone]]:
    [product] = tx.lock(product_stream(command.sku))  # other writers of this product wait here
    later = product.after(command.version - 1)
    undone = next(later, None)
    if product.last is None or undone is None:
        unknown = f"Product {isolated(command.sku)} has no version {command.version:,}."
        raise DomainError(unknown, field="version")
    return tx.append(product, decide(product.last.data.quantity_on_hand, undone, later))
