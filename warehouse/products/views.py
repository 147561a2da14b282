from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cqrs_example.http import as_json, endpoint, wants_html

from .models import Product


@endpoint("GET", "HEAD")
def products(request: HttpRequest) -> HttpResponse:
    found = Product.objects.order_by("sku")
    if wants_html(request):
        page = {"products": found, "low": settings.LOW_PRODUCT_QUANTITY}
        return render(request, "warehouse/products/products.html", page)
    return as_json(list(found.values("quantity", "sku")))
