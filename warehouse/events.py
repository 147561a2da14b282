"""What can happen in the warehouse, and the names of the streams that it is recorded in.

Every event carries the outcome, `quantity_on_hand`: so the last event of a stream says all that
the next command needs, and a projection sets a value instead of adding to one. What is recorded
stays: a new shape gets a new `schema_version` and an upcaster for what was stored before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, assert_never
from unicodedata import bidirectional
from uuid import UUID

from cqrs_example.eventstore import StreamName


def isolated(sku: str) -> str:
    """The SKU as it stands in a sentence. One that is written from right to left would turn round
    the numbers beside it: "Shipped 300 of …, 2,400 left" would read 2,400 shipped."""
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
    """What was recorded stays in the log. This reverses it, and names it."""

    type: ClassVar[str] = "warehouse.ProductChangeUndone"
    schema_version: ClassVar[int] = 1

    sku: str
    undone: UUID  # the id of the event that is reversed
    undone_type: str
    undone_version: int
    undone_at: datetime  # when it had happened: what is added up by day is taken off that day
    change: int  # the opposite of what that event changed
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


# What a product's stream holds. A new event of products is added here, and the type checker names
# each place that has to decide what it means there.
ProductEvent = (
    ProductQuantityIncreased | ProductQuantityShipped | ProductQuantityCounted | ProductChangeUndone
)


def product_stream(sku: str) -> StreamName[ProductEvent]:
    return StreamName(f"product-{sku}")


def change(event: ProductEvent) -> int:
    """By how much an event changes what is on hand: negative when there are fewer afterwards."""
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
