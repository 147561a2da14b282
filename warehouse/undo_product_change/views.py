from django.http import HttpRequest, HttpResponse

from cqrs_example.eventstore.looking import newest_of
from cqrs_example.http import REFUSALS, context, done, endpoint, refused, whole_number
from cqrs_example.messaging import execute
from warehouse.events import ProductChangeUndone, product_stream
from warehouse.sku import parse_sku

from .command import UndoProductChange, handle


@endpoint("POST", fields=["version"])
def undo(request: HttpRequest, sku: str) -> HttpResponse:
    sku = parse_sku(sku)
    page = {"sku": sku, "last": lambda: newest_of(product_stream(sku))}
    try:
        command = UndoProductChange(sku, whole_number(request, "version", 1))
        events = execute(handle, command, context(request))
    except REFUSALS as error:
        return refused(request, error, "warehouse/undo_product_change/refused.html", page)
    return done(request, events, sentence)


def sentence(event: ProductChangeUndone) -> str:
    return f"{event}."
