"""Quantities: which are asked back, because a scanner types codes as well; how they are written."""

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest

from cqrs_example.eventstore.looking import newest_of_each
from cqrs_example.http import BadInput, field, whole_number
from cqrs_example.http.reading import is_json
from warehouse.events import change, isolated, product_stream

TIMES = 100  # more than so many times what a product moved at once is asked back
# So many of the newest changes of a product are looked at. More would cost more with every change;
# and if a product moved thousands at once long ago and a few since, thousands are worth a question.
LOOKED_AT = 200


def quantity_of(request: HttpRequest, least: int, sku: str) -> int:
    """The quantity of a request about a product; raises `BadInput` with what is asked back.

    A form that shows the question has what was typed a second time, in `quantity_before`: sent
    again, it is taken.
    """
    quantity = whole_number(request, "quantity", least)
    answered = not is_json(request) and field(request, "quantity_before")
    if wants_questions(request) and answered != field(request, "quantity"):
        for question in questions({sku: quantity}).values():
            raise BadInput(question, field="quantity")
    return quantity


def wants_questions(request: HttpRequest) -> bool:
    """Whether somebody has typed this: in a form, or into a program that says `"confirmed": false`.
    Any other program means what it says."""
    confirmed = field(request, "confirmed") if is_json(request) else False
    if confirmed is not None and not isinstance(confirmed, bool):
        raise BadInput("The field confirmed must be true or false.", field="confirmed")
    return confirmed is False


def questions(quantities: Mapping[str, int]) -> dict[str, str]:
    """By SKU, what to ask back before so many are taken; nothing where that is plausible."""
    few = min(TIMES, settings.PLAUSIBLE_QUANTITY)  # a product that ever moved has moved at least 1
    many = {sku: quantity for sku, quantity in quantities.items() if quantity > few}
    most = _most_moved(many) if many else {}
    return {
        sku: f"Is the quantity of {isolated(sku)} really {quantity:,}? Send it again if it is."
        for sku, quantity in many.items()
        if quantity > min(settings.PLAUSIBLE_QUANTITY, TIMES * most.get(sku, quantity))
    }


def _most_moved(skus: Mapping[str, int]) -> dict[str, int]:
    """How many of each product came or went at once, at most; nothing for one that never moved."""
    most: dict[str, int] = {}
    for event in newest_of_each([product_stream(sku) for sku in skus], LOOKED_AT):
        if moved := abs(change(event.data)):
            most[event.data.sku] = max(moved, most.get(event.data.sku, 0))
    return most


def signed(number: int) -> str:
    """With a plus, or with the minus that is as wide as a digit; 0 has neither."""
    return f"{number:+,}".replace("-", "\N{MINUS SIGN}") if number else "0"
