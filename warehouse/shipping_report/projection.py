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


def project(events: Sequence[RecordedEvent[ProductQuantityShipped]]) -> None:
    """Add up what was shipped, so that each row is written once."""
    quantity: Counter[tuple[str, str]] = Counter()
    shipments: Counter[tuple[str, str]] = Counter()
    for event in events:
        key = event.data.sku, event.occurred_at.astimezone(UTC).date().isoformat()
        quantity[key] += event.data.quantity
        shipments[key] += 1
    rows = [[*key, quantity[key], shipments[key]] for key in sorted(quantity)]
    later(ADD, [json.dumps(rows)])
