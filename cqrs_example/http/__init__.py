"""The edge: requests read strictly, and answered to programs and to people.

The view of a command:

    @endpoint("POST")
    def ship(request, sku):
        try:
            command = ShipProductQuantity(parse_sku(sku), positive_integer(request, "quantity"))
            events = execute(handle, command, context(request))
        except REFUSALS as error:
            return refused(request, error, "ship.html", {"sku": sku})
        return done(request, events, f"Shipped {command.quantity}.")
"""

from .answers import REFUSALS, as_json, done, problem, refused, wants_html
from .endpoint import endpoint, unavailable
from .paging import paged
from .reading import BadInput, context, field, positive_integer
