from collections.abc import Sequence
from dataclasses import dataclass

from cqrs_example.eventstore import NewEvent, RecordedEvent
from cqrs_example.messaging import DomainError, Transaction
from warehouse.events import ProductQuantityIncreased, product_stream

from .reading import Row

MOST = 2**63 - 1  # what a bigint holds


@dataclass(frozen=True)
class ImportStock:
    """Some lines of a file. What they say goes beside the command: each event tells its command."""

    file: str  # the SHA-256 of its content
    first_line: int
    last_line: int


def handle(
    rows: Sequence[Row], tx: Transaction, command: ImportStock
) -> list[RecordedEvent[ProductQuantityIncreased]]:
    """Receive the rows of a file in their order, all with one statement."""
    names = sorted({product_stream(row.sku) for row in rows})
    products = dict(zip(names, tx.lock(*names), strict=True))  # other writers of these wait here
    lasts = {name: product.last for name, product in products.items()}
    on_hand = {name: last.data.quantity_on_hand for name, last in lasts.items() if last}
    new = []
    for row in rows:
        name = product_stream(row.sku)
        total = on_hand[name] = on_hand.get(name, 0) + row.quantity
        if total > MOST:
            raise DomainError(f"line {row.line}: there cannot be more than {MOST:,} on hand")
        event = ProductQuantityIncreased(row.sku, row.quantity, total)
        new.append(NewEvent(products[name], event, row.recorded_at))
    return tx.append_many(new)
