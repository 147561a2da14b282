"""What a file says and what would come of it, for the page on which somebody confirms it."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Any

from django.conf import settings

from cqrs_example.eventstore.looking import newest_of_each
from warehouse.events import isolated, product_stream

from .importing import Checked, Named, copied_rows, imported_before
from .reading import Row

SHOWN = 20  # rows


def preview(spool: IO[str], file: Checked) -> dict[str, Any]:
    """The first rows with what will be on hand, the sums, what is conspicuous, and how much of it
    was imported before, by whom."""
    large, skus = Named(), set[str]()
    quantity = 0
    for row in copied_rows(spool):
        quantity += row.quantity
        skus.add(row.sku)
        if row.quantity > settings.PLAUSIBLE_QUANTITY:
            large.add(f"line {row.line}: {row.quantity:,} of {isolated(row.sku)}")
    before, by = imported_before(spool, file)
    first = list(islice(copied_rows(spool), SHOWN))
    return {
        "rows": list(zip(first, _on_hand_after(first), strict=True)),
        "has_times": any(row.recorded_at for row in first),
        "products": len(skus),
        "quantity": quantity,
        "large": large,
        "plausible": settings.PLAUSIBLE_QUANTITY,
        "before": before,
        "by": by,
        "left": file.rows - before,
    }


def _on_hand_after(rows: Sequence[Row]) -> Iterator[int]:
    """As things are now: it is received, so it comes on top of what is there."""
    streams = sorted({product_stream(row.sku) for row in rows})
    on_hand = {event.data.sku: event.data.quantity_on_hand for event in newest_of_each(streams, 1)}
    for row in rows:
        on_hand[row.sku] = on_hand.get(row.sku, 0) + row.quantity
        yield on_hand[row.sku]
