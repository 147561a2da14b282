"""Documents: a delivery, an order or a shelf, with many products in one command.

The command records all lines or none. Each line becomes the same event as a command about one
product, so projections and policies that hear of products need not know documents.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

from cqrs_example.eventstore import NewEvent, RecordedEvent
from cqrs_example.messaging import DomainError, Transaction
from warehouse.events import (
    ProductQuantityCounted,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    isolated,
    product_stream,
)

MOST = 2**63 - 1  # what a bigint holds


@dataclass(frozen=True)
class Line:
    sku: str
    quantity: int


@dataclass(frozen=True)
class Document:
    """A document has a reference, such as the number on the delivery note, and lines.

    The metadata of each event hold the command, but without the lines: a document of a hundred
    lines would be stored a hundred times. They hold the fingerprint of the lines, so that the same
    command id with other lines counts as another command.
    """

    reference: str
    lines: tuple[Line, ...] = field(metadata={"recorded": False})
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        text = "\n".join(f"{line.quantity} {line.sku}" for line in self.lines)
        object.__setattr__(self, "fingerprint", sha256(text.encode()).hexdigest())


class ReceiveDelivery(Document):
    """Receive a delivery."""


class ShipOrder(Document):
    """Ship an order."""


class CountShelf(Document):
    """Count the products on a shelf."""


E = TypeVar("E", ProductQuantityIncreased, ProductQuantityShipped, ProductQuantityCounted)
# A function that decides about a line: from the quantity on hand (None: there is no such product),
# the line and the reference, it makes events.
Decide = Callable[[int | None, Line, str], E]


class WrongLines(DomainError):
    """Nothing was recorded; `sentences` maps the number of each wrong line to what is wrong."""

    def __init__(self, sentences: Mapping[int, str]) -> None:
        super().__init__(" ".join(f"Line {n}: {text}" for n, text in sentences.items()))
        self.sentences = sentences


def receive(on_hand: int | None, line: Line, reference: str) -> ProductQuantityIncreased:
    total = (on_hand or 0) + line.quantity
    if total > MOST:
        raise DomainError(f"There cannot be more than {MOST:,} on hand.")
    return ProductQuantityIncreased(line.sku, line.quantity, total, reference)


def ship(on_hand: int | None, line: Line, reference: str) -> ProductQuantityShipped:
    left = (on_hand or 0) - line.quantity
    if left < 0:
        raise DomainError(f"Insufficient quantity on hand: there are {on_hand or 0:,}.")
    return ProductQuantityShipped(line.sku, line.quantity, left, reference or "not given")


def count(on_hand: int | None, line: Line, reference: str) -> ProductQuantityCounted:
    if on_hand is None and line.quantity == 0:
        raise DomainError(
            f"There is no product {isolated(line.sku)}, so nothing of it can be missing."
        )
    difference = line.quantity - (on_hand or 0)
    return ProductQuantityCounted(line.sku, difference, line.quantity, reference)


def receive_delivery(
    tx: Transaction, command: ReceiveDelivery
) -> list[RecordedEvent[ProductQuantityIncreased]]:
    return _record(tx, command, receive)


def ship_order(tx: Transaction, command: ShipOrder) -> list[RecordedEvent[ProductQuantityShipped]]:
    return _record(tx, command, ship)


def count_shelf(
    tx: Transaction, command: CountShelf
) -> list[RecordedEvent[ProductQuantityCounted]]:
    """Refuse a document that counts a product twice: nobody knows which count is right."""
    first: dict[str, int] = {}
    wrong = {}
    for number, line in enumerate(command.lines, 1):
        if first.setdefault(line.sku, number) != number:
            wrong[number] = f"{isolated(line.sku)} is counted in line {first[line.sku]} already."
    if wrong:
        raise WrongLines(wrong)
    return _record(tx, command, count)


def _record(tx: Transaction, document: Document, decide: Decide[E]) -> list[RecordedEvent[E]]:
    """Decide line by line. A later line of the same product goes on from the line before it."""
    names = [product_stream(line.sku) for line in document.lines]
    # All streams at once: two documents that locked line by line could wait for each other.
    products = dict(zip(names, tx.lock(*names), strict=True))
    on_hand = {p.name: p.last.data.quantity_on_hand for p in products.values() if p.last}
    new: list[NewEvent[E]] = []
    wrong = {}
    for number, (name, line) in enumerate(zip(names, document.lines, strict=True), 1):
        try:
            event = decide(on_hand.get(name), line, document.reference)
        except DomainError as error:
            wrong[number] = str(error)
            continue
        on_hand[name] = event.quantity_on_hand
        new.append(NewEvent(products[name], event))
    if wrong:
        raise WrongLines(wrong)
    return tx.append_many(new)
