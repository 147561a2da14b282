"""`make sample`: a plausible year of a small warehouse that ends today; the same on the same day.

Each day has a delivery, orders, and now and then a shelf that is counted. Each of these is one
command over the streams of its products, at its time of the day. Its id comes from the date. So
running this again adds nothing, or what has come since, and completes what was interrupted.
"""

import logging
import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from dev.environment import development_values
from dev.failure import DevError
from dev.modes import use_running_mode

if __name__ == "__main__":
    try:
        use_running_mode()
    except DevError as error:
        sys.exit(str(error))
for name, value in development_values().items():
    os.environ.setdefault(name, value)

import django  # noqa: E402

django.setup()

from django.core.management.base import SystemCheckError  # noqa: E402

from cqrs_example.eventstore import NewEvent, RecordedEvent  # noqa: E402
from cqrs_example.messaging import (  # noqa: E402
    Context,
    EventLog,
    Repeated,
    Transaction,
    execute,
)
from warehouse.events import (  # noqa: E402
    ProductChangeUndone,
    ProductEvent,
    ProductQuantityCounted,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    change,
    product_stream,
)

KINDS = ("bolt", "nut", "washer", "bracket", "hinge", "cable", "lamp", "glove", "crate", "label")
SKUS = [f"{kind}-{size:02}" for kind in KINDS for size in range(1, 21)]
CLERKS = ("anna", "ben", "cleo")
BEGIN = time(7, tzinfo=UTC)  # of each day, which has ten hours
DAYS = 365
TAKEN_BACK = "bolt-06"  # of which the last shipment was a mistake

New = list[NewEvent[ProductEvent]]


class LogOf(EventLog):
    """The log, as if it were another time: for what commands record, and what policies record in
    their transactions."""

    def __init__(self, occurred_at: datetime) -> None:
        self.occurred_at = occurred_at

    def append_many(self, new: Sequence[NewEvent[Any]], **origin: Any) -> Any:
        then = [event._replace(occurred_at=self.occurred_at) for event in new]
        return EventLog.append_many(then, **origin)


@dataclass(frozen=True)
class ReceiveDelivery:
    """Of these products new ones come where there is little left."""

    reference: str

    def moved(self, rng: random.Random, sku: str, on_hand: int) -> ProductEvent | None:
        if on_hand >= rng.randrange(4, 15):
            return None
        delivered = rng.randrange(20, 120)
        return ProductQuantityIncreased(sku, delivered, on_hand + delivered, self.reference)


@dataclass(frozen=True)
class ShipOrder:
    """Some of each of these products goes, as far as there are any."""

    reference: str

    def moved(self, rng: random.Random, sku: str, on_hand: int) -> ProductEvent | None:
        if not on_hand:
            return None
        shipped = rng.randrange(1, min(on_hand, 30) + 1)
        return ProductQuantityShipped(sku, shipped, on_hand - shipped, self.reference)


@dataclass(frozen=True)
class CountShelf:
    """What is there is counted, and seldom differs."""

    reference: str

    def moved(self, rng: random.Random, sku: str, on_hand: int) -> ProductEvent | None:
        difference = max(-on_hand, rng.choice((0, 0, 0, 0, 0, -1, -2, 1)))
        return ProductQuantityCounted(sku, difference, on_hand + difference, self.reference)


Document = ReceiveDelivery | ShipOrder | CountShelf


def documents(day: date) -> Iterator[tuple[datetime, Document, Sequence[str]]]:
    """What comes and goes on a day: when, the document, and its products."""
    rng = random.Random(day.isoformat())  # noqa: S311 (no secret: the same each time)
    begin, moving = datetime.combine(day, BEGIN), rng.sample(SKUS, 40)
    minutes = sorted(rng.sample(range(10 * 60), 12))
    at = [begin + timedelta(minutes=minute, seconds=rng.randrange(60)) for minute in minutes]
    yield at[0], ReceiveDelivery(f"LS-{day:%m%d}"), moving
    for number, moment in enumerate(at[1:-1], 1):
        yield moment, ShipOrder(f"{day:%Y%m%d}-{number}"), rng.sample(moving, rng.randrange(1, 7))
    if rng.random() < 0.2:
        shelf = rng.randrange(len(KINDS))
        sizes = sorted(rng.sample(range(20), rng.randrange(3, 9)))
        yield at[-1], CountShelf(f"shelf {shelf + 1}"), [SKUS[20 * shelf + n] for n in sizes]


def carry_out(
    skus: Sequence[str], rng: random.Random, tx: Transaction, command: Document
) -> list[RecordedEvent[ProductEvent]]:
    """Decide product by product, then append the whole document at once."""
    new: New = []
    for product in tx.lock(*map(product_stream, sorted(skus))):
        sku = product.name.removeprefix("product-")
        on_hand = product.last.data.quantity_on_hand if product.last else 0
        if event := command.moved(rng, sku, on_hand):
            new.append(NewEvent(product, event))
        looked: ProductEvent = ProductQuantityCounted(sku, 0, on_hand, command.reference)
    # Somebody at least has looked: what records nothing would be decided anew another time.
    return tx.append_many(new or [NewEvent(product, looked)])


def record(day: date) -> list[RecordedEvent[ProductEvent]]:
    """Record a day, but for what has not come yet today; returns the events that are new."""
    events: list[RecordedEvent[ProductEvent]] = []
    for number, (at, document, skus) in enumerate(documents(day)):
        if at > datetime.now(UTC):
            break
        rng = random.Random(f"{day} {number}")  # noqa: S311
        command_id = uuid5(NAMESPACE_URL, f"sample/{day}/{number}")
        context = Context(command_id, actor=rng.choice(CLERKS))
        found = execute(partial(carry_out, skus, rng), document, context, LogOf(at))
        events += [] if isinstance(found, Repeated) else found
    return events


@dataclass(frozen=True)
class TakeBack:
    """The last shipment of a product was a mistake."""

    sku: str


def take_back(tx: Transaction, command: TakeBack) -> list[RecordedEvent[ProductChangeUndone]]:
    [product] = tx.lock(product_stream(command.sku))
    shipments = [event for event in product if isinstance(event.data, ProductQuantityShipped)]
    if not (shipments and product.last):
        return []
    wrong, back = shipments[-1], change(shipments[-1].data)
    kind, on_hand = ProductQuantityShipped.type, product.last.data.quantity_on_hand
    of_it = wrong.id, kind, wrong.version, wrong.occurred_at
    return tx.append(product, [ProductChangeUndone(command.sku, *of_it, -back, on_hand - back)])


def days() -> list[date]:
    """Those that the sample has: a year until today."""
    today = datetime.now(UTC).date()
    return [today - timedelta(days=number) for number in reversed(range(DAYS))]


def main() -> None:
    """Record every day of the year that is not recorded yet, and one undo."""
    # A year of warnings about low quantities would hide what this has to say.
    logging.disable(logging.WARNING)
    count = sum(len(record(day)) for day in days())
    context = Context(uuid5(NAMESPACE_URL, f"sample/{TAKEN_BACK}"), actor=CLERKS[0])
    undone = execute(take_back, TakeBack(TAKEN_BACK), context)
    count += 0 if isinstance(undone, Repeated) else len(undone)
    print(f"Recorded {count:,} events of {len(SKUS)} products.")


if __name__ == "__main__":
    try:
        main()
    except SystemCheckError as error:  # the settings say otherwise than the database who delivers
        sys.exit(str(error))
