"""The list of products, as people and programs look at it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from warehouse.sku import LAST

from .models import Product

COLUMNS = ("sku", "quantity", "changed_at")


def listed(prefix: str, show: str) -> QuerySet[Product]:
    """The products whose SKUs begin so, by SKU; with `show`, only what is low or out of stock."""
    found = Product.objects.filter(sku__gte=prefix, sku__lt=prefix + LAST).order_by("sku")
    if show in ("low", "out"):
        low = settings.LOW_PRODUCT_QUANTITY
        found = found.filter(quantity__lte=low if show == "low" else 0)
    return found


def between(
    found: QuerySet[Product],
    after: str = "",
    before: str = LAST,
    *,
    backwards: bool,
    limit: int,
) -> Any:
    """A page of them: see `paged`."""
    window = found.filter(sku__gt=after, sku__lt=before)
    return (window.reverse() if backwards else window)[:limit]


def levels(products: Sequence[Product]) -> dict[str, int]:
    """The scale on which a page shows how many there are of each product."""
    low = settings.LOW_PRODUCT_QUANTITY
    most = max([low * 4, *(product.quantity for product in products)])
    return {"low": low, "optimum": low + 1, "most": most}
