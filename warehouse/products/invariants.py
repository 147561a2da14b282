"""Compare the list of products with the log, without the projection, for `manage.py verify`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from heapq import merge
from itertools import groupby
from operator import itemgetter

from cqrs_example.eventstore import last_events
from warehouse.events import product_stream

from .models import Product


def stock_list() -> Iterator[str]:
    """The list has the quantity of the last event of each product's stream.

    A replay uses the projection, so it overlooks the same events as the projection. This does not.
    """
    events = last_events(product_stream(""))
    log = ((e.data.sku, "log", (e.data.quantity_on_hand, e.occurred_at)) for e in events)
    products = Product.objects.order_by("sku").iterator()
    rows = ((row.sku, "row", (row.quantity, row.changed_at)) for row in products)
    # Both are in the order of code points, which is that of the database's collation "C".
    for sku, sides in groupby(merge(log, rows, key=itemgetter(0)), itemgetter(0)):
        says = {side: quantity for _, side, quantity in sides}
        if says.get("row") != says.get("log"):
            yield f"{sku}: the list has {_text(says, 'row')}, its last event {_text(says, 'log')}"


def _text(says: Mapping[str, tuple[int, datetime]], side: str) -> str:
    return "{} since {}".format(*says[side]) if side in says else "nothing"
