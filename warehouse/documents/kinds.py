"""The differences between a delivery, an order and a shelf, for their pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import change

from . import command

Events = Sequence[RecordedEvent[Any]]


@dataclass(frozen=True)
class Kind:
    command: Callable[..., command.Document]
    handler: Callable[..., Any]
    title: str
    quantity: str  # the label of a quantity
    least: int
    reference: str  # the label of the reference
    button: str
    sentence: Callable[[Events], str]
    instead: str = ""  # the name of the URL that does the same with a file


def _lines(events: Events) -> str:
    return f"{len(events):,} line{'' if len(events) == 1 else 's'}"


def _received(events: Events) -> str:
    new = sum(event.version == 1 for event in events)
    began = f" New products: {new:,}." if new else ""
    return f"Received {_moved(events)} in {_lines(events)}.{began}"


def _shipped(events: Events) -> str:
    return f"Shipped {_moved(events)} in {_lines(events)}."


def _counted(events: Events) -> str:
    differ = sum(change(event.data) != 0 for event in events)
    return f"Counted {_lines(events)}. With a difference: {differ:,}."


def _moved(events: Events) -> str:
    return f"{sum(abs(change(event.data)) for event in events):,}"


DELIVERY = Kind(
    command.ReceiveDelivery,
    command.receive_delivery,
    title="Receive a delivery",
    quantity="Quantity received",
    least=1,
    reference="Delivery note (may be left out)",
    button="Receive all",
    sentence=_received,
    instead="import_stock",
)
ORDER = Kind(
    command.ShipOrder,
    command.ship_order,
    title="Ship an order",
    quantity="Quantity to ship",
    least=1,
    reference="Order number (may be left out)",
    button="Ship all",
    sentence=_shipped,
)
SHELF = Kind(
    command.CountShelf,
    command.count_shelf,
    title="Count a shelf",
    quantity="Quantity counted",
    least=0,
    reference="Shelf or reason (may be left out)",
    button="Record the count",
    sentence=_counted,
)
