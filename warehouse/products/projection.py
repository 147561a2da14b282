import json
from collections.abc import Sequence

from django.db import connection

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped

from .models import Product

MODELS = [Product]

UPSERT = """
    INSERT INTO warehouse_products_product (sku, quantity, changed_at)
    SELECT * FROM jsonb_to_recordset(%s) AS new (sku text, quantity bigint, changed_at timestamptz)
    ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity, changed_at = excluded.changed_at
"""


def project(events: Sequence[RecordedEvent]) -> None:
    """Each event says how many there are: the last one of a product counts."""
    products = {}
    for event in events:
        match event.data:
            case ProductQuantityIncreased() | ProductQuantityShipped() as data:
                products[data.sku] = {
                    "sku": data.sku,
                    "quantity": data.quantity_on_hand,
                    "changed_at": event.occurred_at,
                }
    if products:
        with connection.cursor() as cursor:
            cursor.execute(UPSERT, [json.dumps(list(products.values()), default=str)])
