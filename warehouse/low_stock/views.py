from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from cqrs_example.http import as_json_list, endpoint, paged, wants_html
from cqrs_example.http.printed import as_printed
from warehouse.sku import LAST, parse_prefix

from .models import LowProduct

COLUMNS = ("sku", "quantity", "since", "notified_at")


@endpoint("GET", "HEAD")
def low_stock(request: HttpRequest) -> HttpResponseBase:
    """All that is low now, by SKU; for people page by page."""
    found = LowProduct.objects.order_by("sku")
    if request.GET.get("format") == "print":
        rows = found.values_list(*COLUMNS).iterator()
        return as_printed(request, "Low stock", COLUMNS, rows)
    if not wants_html(request):
        return as_json_list(request, found.values(*COLUMNS))

    def between(after: str = "", before: str = LAST, *, backwards: bool, limit: int) -> Any:
        window = found.filter(sku__gt=after, sku__lt=before)
        return (window.reverse() if backwards else window)[:limit]

    page = paged(request, between, "sku", parse_prefix)
    page["low"] = settings.LOW_PRODUCT_QUANTITY
    return render(request, "warehouse/low_stock/low_stock.html", page)
