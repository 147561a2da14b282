"""`make sample`: a plausible year of a small warehouse that ends today; the same on the same day.

Every day is one command over the streams of all products that move that day, appended in bulk. Its
id comes from the date: running this again adds nothing, or the days since, and completes what was
interrupted.
"""

import logging
import os
import random
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
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

from cqrs_example.eventstore import NewEvent, RecordedEvent, Stream  # noqa: E402
from cqrs_example.messaging import Context, Repeated, Transaction, execute  # noqa: E402
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
BEGIN = time(7, tzinfo=UTC)  # of each day, which has ten hours
DAYS = 365
TAKEN_BACK = "bolt-06"  # of which the last shipment was a mistake


@dataclass(frozen=True)
class RecordDay:
    """All that came and went on a day."""

    date: str


def record_day(tx: Transaction, command: RecordDay) -> list[RecordedEvent[ProductEvent]]:
    """Decide product by product, then append the whole day at once."""
    day = random.Random(command.date)  # noqa: S311 (no secret: the same each time)
    moving = sorted(day.sample(SKUS, 60))
    begin = datetime.combine(date.fromisoformat(command.date), BEGIN)
    # Of today, what has not come yet does not happen.
    most = min(10 * 60 * 60, int((datetime.now(UTC) - begin).total_seconds()))
    if most < 1:
        return []
    new = [_movement(day, stream, begin, most) for stream in tx.lock(*map(product_stream, moving))]
    return tx.append_many(sorted(new, key=lambda one: one.occurred_at or begin))


def _movement(
    day: random.Random, product: Stream[ProductEvent], begin: datetime, most: int
) -> NewEvent[ProductEvent]:
    """A delivery when there is little left, sometimes a count, else a shipment of a part of it."""
    sku = product.name.removeprefix("product-")
    on_hand = product.last.data.quantity_on_hand if product.last else 0
    at = begin + timedelta(seconds=day.randrange(most))
    if on_hand < day.randrange(1, 15):
        delivered, note = day.randrange(20, 120), f"LS-{at:%m%d}{day.randrange(1, 4)}"
        received = ProductQuantityIncreased(sku, delivered, on_hand + delivered, note)
        return NewEvent(product, received, at)
    if day.random() < 0.04:
        difference = max(-on_hand, day.randrange(-2, 2))
        reason = f"shelf {day.randrange(1, 30)}"
        counted = ProductQuantityCounted(sku, difference, on_hand + difference, reason)
        return NewEvent(product, counted, at)
    shipped = day.randrange(1, min(on_hand, 30) + 1)
    order = f"{at:%Y%m%d}-{day.randrange(1, 100)}"
    return NewEvent(product, ProductQuantityShipped(sku, shipped, on_hand - shipped, order), at)


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
    count = 0
    for day in days():
        command = RecordDay(day.isoformat())
        context = Context(uuid5(NAMESPACE_URL, f"sample/{command.date}"), actor="sample")
        events = execute(record_day, command, context)
        count += 0 if isinstance(events, Repeated) else len(events)
    context = Context(uuid5(NAMESPACE_URL, f"sample/{TAKEN_BACK}"), actor="sample")
    undone = execute(take_back, TakeBack(TAKEN_BACK), context)
    count += 0 if isinstance(undone, Repeated) else len(undone)
    print(f"Recorded {count:,} events of {len(SKUS)} products.")


if __name__ == "__main__":
    try:
        main()
    except SystemCheckError as error:  # the settings say otherwise than the database who delivers
        sys.exit(str(error))
