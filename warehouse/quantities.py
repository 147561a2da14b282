"""Quantities: about which of them a form asks back, since a scanner may have typed a code; and how
they are written."""

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest

from cqrs_example.eventstore.looking import newest_of_each
from cqrs_example.http import BadInput, field, whole_number
from cqrs_example.http.reading import is_json
from warehouse.events import change, isolated, product_stream

TIMES = 100  # a form asks about more than this many times the largest change of a product
# How many of a product's newest changes are looked at. To look at all would cost more with each
# change. And if a product moved thousands at once long ago and a few since, a question is right.
LOOKED_AT = 200


def quantity_of(request: HttpRequest, least: int, sku: str) -> int:
    """The quantity in a request about a product; raises `BadInput` with a question if it is
    implausible.

    The form with the question has the typed quantity again, in `quantity_before`. If the same
    quantity is sent again, it is accepted.
    """
    quantity = whole_number(request, "quantity", least)
    answered = not is_json(request) and field(request, "quantity_before")
    if wants_questions(request) and answered != field(request, "quantity"):
        for question in questions({sku: quantity}).values():
            raise BadInput(question, field="quantity")
    return quantity


def wants_questions(request: HttpRequest) -> bool:
    """Whether a person typed the quantity, in a form or in a program that sends `"confirmed":
    false`. Other programs are not asked."""
    confirmed = field(request, "confirmed") if is_json(request) else False
    if confirmed is not None and not isinstance(confirmed, bool):
        raise BadInput("The field confirmed must be true or false.", field="confirmed")
    return confirmed is False


def questions(quantities: Mapping[str, int]) -> dict[str, str]:
    """The questions about implausible quantities, by SKU."""
    few = min(TIMES, settings.PLAUSIBLE_QUANTITY)  # a product that ever moved has moved at least 1
    many = {sku: quantity for sku, quantity in quantities.items() if quantity > few}
    most = _most_moved(many) if many else {}
    return {
        sku: f"Is the quantity of {isolated(sku)} really {quantity:,}? Send it again if it is."
        for sku, quantity in many.items()
        if quantity > min(settings.PLAUSIBLE_QUANTITY, TIMES * most.get(sku, quantity))
    }


def _most_moved(skus: Mapping[str, int]) -> dict[str, int]:
    """The largest change of each product, by SKU, without products that never changed."""
    most: dict[str, int] = {}
    for event in newest_of_each([product_stream(sku) for sku in skus], LOOKED_AT):
        if moved := abs(change(event.data)):
            most[event.data.sku] = max(moved, most.get(event.data.sku, 0))
    return most


def signed(number: int) -> str:
    """A number with a plus, or with a minus sign that is as wide as a digit; 0 has no sign."""
    return f"{number:+,}".replace("-", "\N{MINUS SIGN}") if number else "0"
