from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from cqrs_example.http import as_json_list, endpoint, paged, wants_html
from cqrs_example.http.paging import whole
from cqrs_example.http.printed import as_printed
from cqrs_example.http.sorting import Parse, moment, order_of
from cqrs_example.http.streamed import as_csv
from warehouse.sku import parse_prefix

from .models import LowProduct

COLUMNS = ("sku", "quantity", "since", "notified_at")
COUNTED = 10_000  # so many products are counted and added up; of more the page says "more than"
SORTED: dict[str, Parse] = {"sku": parse_prefix, "quantity": whole, "since": moment}
TITLES = {
    "sku": "SKU",
    "-sku": "SKU, the last first",
    "quantity": "fewest first",
    "-quantity": "most first",
    "since": "low the longest",
    "-since": "low the shortest",
}


@endpoint("GET", "HEAD")
def low_stock(request: HttpRequest) -> HttpResponseBase:
    """The products that are low now; people get them page by page."""
    order = order_of(request, SORTED, "sku")
    found = order.sort(LowProduct.objects.all())
    if request.GET.get("format") == "csv":
        return as_csv("low_stock.csv", COLUMNS, found.values_list(*COLUMNS).iterator())
    if request.GET.get("format") == "print":
        rows = found.values_list(*COLUMNS).iterator()
        return as_printed(request, "Low stock", ("SKU", *COLUMNS[1:]), rows, {"sort": order.name})
    if not wants_html(request):
        return as_json_list(request, found.values(*COLUMNS))
    page = paged(request, partial(order.page, found), order.key, order.parse_key)
    page |= {"low": settings.LOW_PRODUCT_QUANTITY, "order": order, "sorts": TITLES}
    return render(request, "warehouse/low_stock/low_stock.html", page | {"totals": _totals()})


def _totals() -> dict[str, Any]:
    """How many products are low, how many units of them there are, and how many products are out.

    Only `most` products are counted, so that a long list costs no more.
    """
    some = LowProduct.objects.all()[: COUNTED + 1]
    counts = {"products": Count("*"), "units": Sum("quantity"), "out": Count("sku", Q(quantity=0))}
    return {**some.aggregate(**counts), "most": COUNTED}
