from django.http import HttpRequest, HttpResponse

from cqrs_example.eventstore.looking import newest_of
from cqrs_example.http import REFUSALS, context, done, endpoint, refused
from cqrs_example.messaging import execute
from warehouse.events import ProductQuantityIncreased, isolated, product_stream
from warehouse.quantities import quantity_of
from warehouse.sku import parse_sku

from .command import IncreaseProductQuantity, handle


@endpoint("POST", fields=["quantity", "confirmed"])
def increase(request: HttpRequest, sku: str) -> HttpResponse:
    sku = parse_sku(sku)
    page = {"sku": sku, "last": lambda: newest_of(product_stream(sku))}
    try:
        quantity = quantity_of(request, 1, sku)
        events = execute(handle, IncreaseProductQuantity(sku, quantity), context(request))
    except REFUSALS as error:
        return refused(request, error, "warehouse/increase_product_quantity/refused.html", page)
    return done(request, events, sentence)


def sentence(event: ProductQuantityIncreased) -> str:
    sku = isolated(event.sku)
    return f"Received {event.quantity:,} of {sku}. {event.quantity_on_hand:,} on hand."
