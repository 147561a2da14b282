from functools import partial

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from cqrs_example.http import as_json_list, endpoint, paged, wants_html
from cqrs_example.http.printed import as_printed
from cqrs_example.http.streamed import as_csv
from warehouse.sku import parse_prefix

from .looking import COLUMNS, between, levels, listed


@endpoint("GET", "HEAD")
def products(request: HttpRequest) -> HttpResponseBase:
    """All products for programs and spreadsheets; for people page by page."""
    prefix, show = parse_prefix(request.GET.get("q", "")), request.GET.get("show", "")
    found = listed(prefix, show)
    if request.GET.get("format") == "csv":
        return as_csv("stock.csv", COLUMNS, found.values_list(*COLUMNS).iterator())
    if request.GET.get("format") == "print":
        return as_printed(request, "Stock", COLUMNS, found.values_list(*COLUMNS).iterator())
    if not wants_html(request):
        return as_json_list(request, found.values("quantity", "sku"))
    page = paged(request, partial(between, found), "sku", parse_prefix)
    page |= {"prefix": prefix, "show": show, **levels(page["rows"])}
    return render(request, "warehouse/products/products.html", page)
