from django.conf import settings
from django.http import HttpRequest, HttpResponse

from cqrs_example.eventstore.looking import newest_of
from cqrs_example.http import REFUSALS, context, done, endpoint, refused, whole_number
from cqrs_example.messaging import execute
from warehouse.events import ProductQuantityIncreased, product_stream
from warehouse.sku import parse_sku

from .command import IncreaseProductQuantity, handle


@endpoint("POST", fields=["quantity"])
def increase(request: HttpRequest, sku: str) -> HttpResponse:
    sku = parse_sku(sku)
    page = {"sku": sku, "last": lambda: newest_of(product_stream(sku))}
    try:
        quantity = whole_number(request, "quantity", 1, settings.PLAUSIBLE_QUANTITY)
        events = execute(handle, IncreaseProductQuantity(sku, quantity), context(request))
    except REFUSALS as error:
        return refused(request, error, "warehouse/increase_product_quantity/refused.html", page)
    return done(request, events, sentence)


def sentence(event: ProductQuantityIncreased) -> str:
    return f"Received {event.quantity} of {event.sku}. {event.quantity_on_hand} on hand."
