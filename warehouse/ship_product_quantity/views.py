from django.http import HttpRequest, HttpResponse

from cqrs_example.eventstore import last_event
from cqrs_example.http import REFUSALS, context, done, endpoint, field, positive_integer, refused
from cqrs_example.messaging import execute
from warehouse.events import product_stream
from warehouse.reference import parse_reference
from warehouse.sku import parse_sku

from .command import ShipProductQuantity, handle


@endpoint("POST")
def ship(request: HttpRequest, sku: str) -> HttpResponse:
    sku = parse_sku(sku)
    page = {"sku": sku, "last": lambda: last_event(product_stream(sku))}
    try:
        quantity = positive_integer(request, "quantity")
        reference = parse_reference(field(request, "reference"))
        command = ShipProductQuantity(sku, quantity, reference)
        events = execute(handle, command, context(request))
    except REFUSALS as error:
        return refused(request, error, "warehouse/ship_product_quantity/refused.html", page)
    shipped = events[0].data
    sentence = f"Shipped {shipped.quantity} of {sku}. {shipped.quantity_on_hand} left."
    return done(request, events, sentence)
