from django.http import HttpRequest, HttpResponse

from cqrs_example.eventstore import last_event
from cqrs_example.http import REFUSALS, context, done, endpoint, positive_integer, refused
from cqrs_example.messaging import execute
from warehouse.events import product_stream
from warehouse.sku import parse_sku

from .command import IncreaseProductQuantity, handle


@endpoint("POST")
def increase(request: HttpRequest, sku: str) -> HttpResponse:
    sku = parse_sku(sku)
    page = {"sku": sku, "last": lambda: last_event(product_stream(sku))}
    try:
        command = IncreaseProductQuantity(sku, positive_integer(request, "quantity"))
        events = execute(handle, command, context(request))
    except REFUSALS as error:
        return refused(request, error, "warehouse/increase_product_quantity/refused.html", page)
    increased = events[0].data
    sentence = f"Received {increased.quantity} of {sku}. {increased.quantity_on_hand} on hand."
    return done(request, events, sentence)
