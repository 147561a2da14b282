import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import later
from warehouse.events import NotifiedLowProductQuantity, ProductEvent

from .models import LowProduct

MODELS = [LowProduct]


ENOUGH = "DELETE FROM warehouse_low_stock_lowproduct WHERE sku = ANY(%s)"
# A product that was low already keeps its `since`.
LOW = """
    INSERT INTO warehouse_low_stock_lowproduct (sku, quantity, since)
    SELECT sku, quantity, since
    FROM jsonb_to_recordset(%s) AS new (sku text, quantity bigint, since timestamptz)
    ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity
"""
NOTIFIED = """
    UPDATE warehouse_low_stock_lowproduct AS low SET notified_at = new.notified_at
    FROM jsonb_to_recordset(%s) AS new (sku text, notified_at timestamptz)
    WHERE low.sku = new.sku
"""


def project(events: Sequence[RecordedEvent[ProductEvent | NotifiedLowProductQuantity]]) -> None:
    """Write a row for a product of which few are left, and delete it when there are enough again.

    Each statement handles many products.
    """
    enough: set[str] = set()
    low: dict[str, dict[str, Any]] = {}
    notified: dict[str, dict[str, Any]] = {}
    for event in events:
        data = event.data
        if isinstance(data, NotifiedLowProductQuantity):
            notified[data.sku] = {"sku": data.sku, "notified_at": str(event.occurred_at)}
        elif data.quantity_on_hand > settings.LOW_PRODUCT_QUANTITY:
            enough.add(data.sku)
            low.pop(data.sku, None)
            notified.pop(data.sku, None)
        else:
            row = low.setdefault(data.sku, {"sku": data.sku, "since": str(event.occurred_at)})
            row["quantity"] = data.quantity_on_hand
    if enough:
        later(ENOUGH, [sorted(enough)])
    for sql, rows in ((LOW, low), (NOTIFIED, notified)):
        if rows:
            # Sorted: two transactions that wrote the same rows in different orders would deadlock.
            later(sql, [json.dumps([rows[sku] for sku in sorted(rows)])])
