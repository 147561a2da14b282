from django.http import HttpRequest, HttpResponse

from cqrs_example.eventstore.looking import newest_of
from cqrs_example.http import REFUSALS, context, done, endpoint, refused, text
from cqrs_example.messaging import execute
from warehouse.events import ProductQuantityShipped, isolated, product_stream
from warehouse.quantities import quantity_of
from warehouse.sku import parse_sku

from .command import NOT_GIVEN, ShipProductQuantity, handle


@endpoint("POST", fields=["quantity", "confirmed", "reference"])
def ship(request: HttpRequest, sku: str) -> HttpResponse:
    sku = parse_sku(sku)
    page = {"sku": sku, "last": lambda: newest_of(product_stream(sku))}
    try:
        quantity = quantity_of(request, 1, sku)
        reference = text(request, "reference", 64, default=NOT_GIVEN)
        command = ShipProductQuantity(sku, quantity, reference)
        events = execute(handle, command, context(request))
    except REFUSALS as error:
        return refused(request, error, "warehouse/ship_product_quantity/refused.html", page)
    return done(request, events, sentence)


def sentence(event: ProductQuantityShipped) -> str:
    sku = isolated(event.sku)
    return f"Shipped {event.quantity:,} of {sku}. {event.quantity_on_hand:,} left."
