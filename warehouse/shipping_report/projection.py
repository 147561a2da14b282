import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import later
from warehouse.events import ProductQuantityShipped

from .models import DayOfShipping

MODELS = [DayOfShipping]

# Adding is right because each event comes exactly once, here and in a rebuild.
ADD = """
    INSERT INTO warehouse_shipping_report_dayofshipping AS there (sku, day, quantity, shipments)
    SELECT row ->> 0, (row ->> 1)::date, (row ->> 2)::bigint, (row ->> 3)::int
    FROM jsonb_array_elements(%s) AS row
    ON CONFLICT (sku, day) DO UPDATE SET quantity = there.quantity + excluded.quantity,
        shipments = there.shipments + excluded.shipments
"""


def project(events: Sequence[RecordedEvent]) -> None:
    """Add up what was shipped, so that each row is written once."""
    quantity: Counter[tuple[str, str]] = Counter()
    shipments: Counter[tuple[str, str]] = Counter()
    for event in events:
        match event.data:
            case ProductQuantityShipped(sku=sku, quantity=shipped):
                day = event.occurred_at.astimezone(UTC).date().isoformat()
                quantity[sku, day] += shipped
                shipments[sku, day] += 1
    if rows := [[*key, quantity[key], shipments[key]] for key in sorted(quantity)]:
        later(ADD, [json.dumps(rows)])
