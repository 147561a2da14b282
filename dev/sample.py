"""`make sample`: a plausible year of a small warehouse, the same each time.

Every day is one command over the streams of all products that move that day, appended in bulk. Its
id comes from the date: running this again adds nothing, and completes what was interrupted.
"""

import logging
import os
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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

from cqrs_example.eventstore import NewEvent, RecordedEvent, Stream  # noqa: E402
from cqrs_example.messaging import Context, Repeated, Transaction, execute  # noqa: E402
from warehouse.events import (  # noqa: E402
    ProductEvent,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    product_stream,
)

KINDS = ("bolt", "nut", "washer", "bracket", "hinge", "cable", "lamp", "glove", "crate", "label")
SKUS = [f"{kind}-{size:02}" for kind in KINDS for size in range(1, 21)]
FIRST_DAY = datetime(2025, 1, 1, 7, tzinfo=UTC)
DAYS = 365


@dataclass(frozen=True)
class RecordDay:
    """All that came and went on a day."""

    date: str


def record_day(tx: Transaction, command: RecordDay) -> list[RecordedEvent[ProductEvent]]:
    """Decide product by product, then append the whole day at once."""
    day = random.Random(command.date)  # noqa: S311 (no secret: the same each time)
    moving = sorted(day.sample(SKUS, 60))
    begin = datetime.fromisoformat(command.date)
    new = [_movement(day, stream, begin) for stream in tx.lock(*map(product_stream, moving))]
    return tx.append_many(sorted(new, key=lambda one: one.occurred_at or begin))


def _movement(
    day: random.Random, product: Stream[ProductEvent], begin: datetime
) -> NewEvent[ProductEvent]:
    """A delivery when there is little left, else a shipment of a part of it."""
    sku = product.name.removeprefix("product-")
    on_hand = product.last.data.quantity_on_hand if product.last else 0
    at = begin + timedelta(seconds=day.randrange(10 * 60 * 60))
    if on_hand < day.randrange(1, 15):
        delivered = day.randrange(20, 120)
        return NewEvent(product, ProductQuantityIncreased(sku, delivered, on_hand + delivered), at)
    shipped = day.randrange(1, min(on_hand, 30) + 1)
    order = f"{at:%Y%m%d}-{day.randrange(1, 100)}"
    return NewEvent(product, ProductQuantityShipped(sku, shipped, on_hand - shipped, order), at)


def main() -> None:
    """Record every day of the year that is not recorded yet."""
    # A year of warnings about low quantities would hide what this has to say.
    logging.disable(logging.WARNING)
    count = 0
    for number in range(DAYS):
        command = RecordDay((FIRST_DAY + timedelta(days=number)).isoformat())
        context = Context(uuid5(NAMESPACE_URL, f"sample/{command.date}"), actor="sample")
        events = execute(record_day, command, context)
        count += 0 if isinstance(events, Repeated) else len(events)
    print(f"Recorded {count:,} events of {len(SKUS)} products.")


if __name__ == "__main__":
    main()
