"""The events of the warehouse, and the names of their streams.

Every event carries the outcome, `quantity_on_hand`. So a command needs only the last event of a
stream, and a projection sets a value instead of adding to one. Stored events never change: if the
fields of a class change, it gets a new `schema_version`, and `UPCASTERS` an upcaster for the old.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, assert_never
from unicodedata import bidirectional
from uuid import UUID

from cqrs_example.eventstore import StreamName


def isolated(sku: str) -> str:
    """The SKU for a sentence, between Unicode's isolates.

    Without them a SKU that is written from right to left would swap the numbers beside it, as in
    "Shipped 300 of …, 2,400 left".
    """
    turns = any(bidirectional(character) in ("R", "AL", "AN") for character in sku)
    return f"\N{FIRST STRONG ISOLATE}{sku}\N{POP DIRECTIONAL ISOLATE}" if turns else sku


@dataclass(frozen=True, slots=True)
class ProductQuantityIncreased:
    type: ClassVar[str] = "warehouse.ProductQuantityIncreased"
    schema_version: ClassVar[int] = 2

    sku: str
    quantity: int
    quantity_on_hand: int
    reference: str = ""  # the number of the delivery; empty when none was given

    def __str__(self) -> str:
        return (
            f"Received {self.quantity:,} of {isolated(self.sku)}, {self.quantity_on_hand:,} on hand"
        )


@dataclass(frozen=True, slots=True)
class ProductQuantityShipped:
    type: ClassVar[str] = "warehouse.ProductQuantityShipped"
    schema_version: ClassVar[int] = 2

    sku: str
    quantity: int
    quantity_on_hand: int
    reference: str  # the number of the order

    def __str__(self) -> str:
        return f"Shipped {self.quantity:,} of {isolated(self.sku)}, {self.quantity_on_hand:,} left"


@dataclass(frozen=True, slots=True)
class ProductQuantityCounted:
    type: ClassVar[str] = "warehouse.ProductQuantityCounted"
    schema_version: ClassVar[int] = 1

    sku: str
    difference: int  # how many more there were than the log said: negative when some were missing
    quantity_on_hand: int
    reason: str  # empty when none was given

    def __str__(self) -> str:
        counted = f"Counted {self.quantity_on_hand:,} of {isolated(self.sku)}"
        return f"{counted}, a difference of {self.difference:,}"


@dataclass(frozen=True, slots=True)
class ProductChangeUndone:
    """An event that reverses an earlier one, which stays in the log."""

    type: ClassVar[str] = "warehouse.ProductChangeUndone"
    schema_version: ClassVar[int] = 1

    sku: str
    undone: UUID  # the id of the event that is reversed
    undone_type: str
    undone_version: int
    undone_at: datetime  # when that event occurred: sums by day subtract it from that day
    change: int  # the opposite of that event's change
    quantity_on_hand: int

    def __str__(self) -> str:
        deed = DEEDS.get(self.undone_type, "change")
        version = f"version {self.undone_version:,}"
        undid = f"Undid a {deed} of {isolated(self.sku)} ({version})"
        return f"{undid}, {self.quantity_on_hand:,} on hand"


DEEDS = {
    ProductQuantityIncreased.type: "receipt",
    ProductQuantityShipped.type: "shipment",
    ProductQuantityCounted.type: "count",
}


@dataclass(frozen=True, slots=True)
class NotifiedLowProductQuantity:
    type: ClassVar[str] = "warehouse.NotifiedLowProductQuantity"
    schema_version: ClassVar[int] = 1

    sku: str
    quantity_on_hand: int

    def __str__(self) -> str:
        return f"Notified that {isolated(self.sku)} is low, {self.quantity_on_hand:,} left"


def _with_reference(stored: dict[str, Any]) -> dict[str, Any]:
    return {**stored, "reference": "not recorded"}


# By type and schema version: from the stored fields to those of the next version.
UPCASTERS = {
    ("warehouse.ProductQuantityIncreased", 1): dict,  # without a reference: the field's default
    ("warehouse.ProductQuantityShipped", 1): _with_reference,
}


# The events of a product's stream. If you add a class here, the type checker names each place that
# has to handle it.
ProductEvent = (
    ProductQuantityIncreased | ProductQuantityShipped | ProductQuantityCounted | ProductChangeUndone
)


def product_stream(sku: str) -> StreamName[ProductEvent]:
    return StreamName(f"product-{sku}")


def change(event: ProductEvent) -> int:
    """By how much an event changes the quantity on hand; negative if it becomes less."""
    match event:
        case ProductQuantityIncreased():
            return event.quantity
        case ProductQuantityShipped():
            return -event.quantity
        case ProductQuantityCounted():
            return event.difference
        case ProductChangeUndone():
            return event.change
        case _:
            assert_never(event)


def low_product_quantity_notification_stream(sku: str) -> StreamName[NotifiedLowProductQuantity]:
    return StreamName(f"low_product_quantity_notification-{sku}")
