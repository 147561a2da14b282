from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import upsert
from warehouse.events import ProductQuantityShipped

from .models import DayOfShipping

MODELS = [DayOfShipping]


def project(events: Sequence[RecordedEvent[ProductQuantityShipped]]) -> None:
    """Add up what was shipped, so that each row is written once."""
    quantity: Counter[tuple[str, date]] = Counter()
    shipments: Counter[tuple[str, date]] = Counter()
    for event in events:
        key = event.data.sku, event.occurred_at.astimezone(UTC).date()
        quantity[key] += event.data.quantity
        shipments[key] += 1
    rows = [
        {"sku": sku, "day": day, "quantity": quantity[sku, day], "shipments": shipments[sku, day]}
        for sku, day in quantity
    ]
    # Adding is right because each event comes exactly once, here and in a rebuild.
    upsert(DayOfShipping, rows, add=["quantity", "shipments"])
