from collections.abc import Sequence

from django.db import connection

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped

from .models import Product

MODELS = [Product]

UPSERT = """
    INSERT INTO warehouse_products_product (sku, quantity, changed_at)
    VALUES (%s, %s, %s)
    ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity, changed_at = excluded.changed_at
"""


def project(events: Sequence[RecordedEvent]) -> None:
    """Each event says how many there are: the last one of a product counts."""
    products = {}
    for event in events:
        match event.data:
            case ProductQuantityIncreased() | ProductQuantityShipped():
                sku, quantity = event.data.sku, event.data.quantity_on_hand
                products[sku] = (sku, quantity, event.occurred_at)
    if products:
        with connection.cursor() as cursor:
            cursor.executemany(UPSERT, list(products.values()))
