from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import upsert
from warehouse.events import ProductChangeUndone, ProductQuantityShipped

from .models import DayOfShipping

MODELS = [DayOfShipping]


def project(
    events: Sequence[RecordedEvent[ProductQuantityShipped | ProductChangeUndone]],
) -> None:
    """Add up what was shipped, so that each row is written once."""
    quantity: Counter[tuple[str, date]] = Counter()
    shipments: Counter[tuple[str, date]] = Counter()
    for event in events:
        data = event.data
        if isinstance(data, ProductQuantityShipped):
            key = data.sku, event.occurred_at.astimezone(UTC).date()
            quantity[key] += data.quantity
            shipments[key] += 1
        elif data.undone_type == ProductQuantityShipped.type:
            key = data.sku, data.undone_at.astimezone(UTC).date()
            quantity[key] -= data.change
            shipments[key] -= 1
    rows = [
        {"sku": sku, "day": day, "quantity": quantity[sku, day], "shipments": shipments[sku, day]}
        for sku, day in quantity
    ]
    # Adding is right because each event comes exactly once, here and in a rebuild.
    upsert(DayOfShipping, rows, add=["quantity", "shipments"])
