from django.http import HttpRequest, HttpResponse

from cqrs_example.eventstore.looking import newest_of
from cqrs_example.http import REFUSALS, context, done, endpoint, refused, text
from cqrs_example.messaging import execute
from warehouse.events import ProductQuantityCounted, isolated, product_stream
from warehouse.quantities import quantity_of
from warehouse.sku import parse_sku

from .command import CountProductQuantity, handle


@endpoint("POST", fields=["quantity", "confirmed", "reason"])
def count(request: HttpRequest, sku: str) -> HttpResponse:
    sku = parse_sku(sku)
    page = {"sku": sku, "last": lambda: newest_of(product_stream(sku))}
    try:
        quantity = quantity_of(request, 0, sku)
        reason = text(request, "reason", 200, default="")
        command = CountProductQuantity(sku, quantity, reason)
        events = execute(handle, command, context(request))
    except REFUSALS as error:
        return refused(request, error, "warehouse/count_product_quantity/refused.html", page)
    return done(request, events, sentence)


def sentence(event: ProductQuantityCounted) -> str:
    was = event.quantity_on_hand - event.difference
    sku = isolated(event.sku)
    return f"Counted {event.quantity_on_hand:,} of {sku}. There were {was:,} before."
