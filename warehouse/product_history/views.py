from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cqrs_example.eventstore import last_event, read
from cqrs_example.http import BadInput, as_json, endpoint, wants_html
from warehouse.events import product_stream
from warehouse.sku import parse_sku

SHOWN = 50


@endpoint("GET", "HEAD")
def product(request: HttpRequest, sku: str) -> HttpResponse:
    sku = parse_sku(sku)
    if wants_html(request):
        history = list(read(product_stream(sku), backwards=True, limit=SHOWN))
        page = {"sku": sku, "history": history}
        return render(request, "warehouse/product_history/product.html", page)
    last = last_event(product_stream(sku))
    if last is None:
        raise BadInput(f"There is no product {sku}: it begins when some of it is received.", 404)
    return as_json({"sku": sku, "quantity": last.data.quantity_on_hand, "version": last.version})
