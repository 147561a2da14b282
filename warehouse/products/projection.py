import json
from collections.abc import Sequence

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import later
from warehouse.events import ProductEvent

from .models import Product

MODELS = [Product]

UPSERT = """
    INSERT INTO warehouse_products_product (sku, quantity, changed_at)
    SELECT row ->> 0, (row ->> 1)::bigint, (row ->> 2)::timestamptz
    FROM jsonb_array_elements(%s) AS row
    ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity, changed_at = excluded.changed_at
"""


def project(events: Sequence[RecordedEvent[ProductEvent]]) -> None:
    """Each event says how many there are: the last one of a product counts."""
    last = {event.data.sku: event for event in events}
    rows = [[sku, e.data.quantity_on_hand, str(e.occurred_at)] for sku, e in last.items()]
    later(UPSERT, [json.dumps(rows)])
