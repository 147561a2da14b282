"""Compare the list of low products with the log, without the projection, for `manage.py verify`."""

from collections.abc import Iterator

from django.conf import settings

from cqrs_example.eventstore import last_events
from warehouse.events import product_stream

from .models import LowProduct


def low_products() -> Iterator[str]:
    """The list has exactly the products of which few are left, with the quantities of their last
    events."""
    ends = ((e.data.sku, e.data.quantity_on_hand) for e in last_events(product_stream("")))
    log = {sku: left for sku, left in ends if left <= settings.LOW_PRODUCT_QUANTITY}
    rows = dict(LowProduct.objects.values_list("sku", "quantity"))
    for sku in sorted(log.keys() | rows.keys()):
        if log.get(sku) != rows.get(sku):
            listed, left = rows.get(sku, "nothing"), log.get(sku, "enough")
            yield f"{sku}: low stock says {listed}, its last event leaves {left}"
