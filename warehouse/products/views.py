from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from cqrs_example.http import as_json_list, endpoint, paged, wants_html
from warehouse.sku import LAST, parse_prefix

from .models import Product


@endpoint("GET", "HEAD")
def products(request: HttpRequest) -> HttpResponseBase:
    """All products for programs; for people page by page."""
    prefix, show = parse_prefix(request.GET.get("q", "")), request.GET.get("show", "")
    found = Product.objects.filter(sku__gte=prefix, sku__lt=prefix + LAST).order_by("sku")
    low = settings.LOW_PRODUCT_QUANTITY
    if show in ("low", "out"):
        found = found.filter(quantity__lte=low if show == "low" else 0)
    if not wants_html(request):
        return as_json_list(request, found.values("quantity", "sku"))

    def between(after: str = "", before: str = LAST, *, backwards: bool, limit: int) -> Any:
        window = found.filter(sku__gt=after, sku__lt=before)
        return (window.reverse() if backwards else window)[:limit]

    page = paged(request, between, "sku", parse_prefix)
    page["most"] = max([low * 4, *(product.quantity for product in page["rows"])])
    page |= {"prefix": prefix, "show": show, "low": low, "optimum": low + 1}
    return render(request, "warehouse/products/products.html", page)
