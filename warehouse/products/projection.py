import json
from collections.abc import Sequence

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import later
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped

from .models import Product

MODELS = [Product]

UPSERT = """
    INSERT INTO warehouse_products_product (sku, quantity, changed_at)
    SELECT row ->> 0, (row ->> 1)::bigint, (row ->> 2)::timestamptz
    FROM jsonb_array_elements(%s) AS row
    ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity, changed_at = excluded.changed_at
"""


def project(events: Sequence[RecordedEvent]) -> None:
    """Each event says how many there are: the last one of a product counts."""
    products = {}
    for event in events:
        match event.data:
            case ProductQuantityIncreased() | ProductQuantityShipped() as data:
                products[data.sku] = data.sku, data.quantity_on_hand, event
    if rows := [[sku, left, str(event.occurred_at)] for sku, left, event in products.values()]:
        later(UPSERT, [json.dumps(rows)])
