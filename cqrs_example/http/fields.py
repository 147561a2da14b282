"""Read the fields of a body, which is JSON or a form; a wrong field is refused by its name."""

import json
import re
from typing import Any

from django.http import HttpRequest

from .characters import visible
from .reading import BadInput, is_json, json_object

LARGEST = 2_147_483_647  # what an integer of Postgres holds


def field(request: HttpRequest, name: str) -> Any:
    """The value of a field: any JSON value, or the text of a form; None if the field is missing.

    Raises `BadInput` where the body is not JSON, or no object.
    """
    return (json_object(request) if is_json(request) else request.POST).get(name)


def whole_number(request: HttpRequest, name: str, least: int = 0) -> int:
    """A whole number from `least` to 2,147,483,647: a JSON integer, or digits in a form's field.

    Raises `BadInput` for anything else.
    """
    return to_whole_number(field(request, name), name, least, typed=not is_json(request))


def to_whole_number(value: Any, name: str, least: int = 0, *, typed: bool) -> int:
    """As `whole_number`, of a value at hand.

    If it was `typed`, it is a text of digits, and otherwise an integer.
    """
    number = _digits(value) if typed else value
    if type(number) is not int or not least <= number <= LARGEST:
        is_ = "missing" if value in (None, "") else f"{json.dumps(value, ensure_ascii=False):.40}"
        right = f"a whole number from {least} to {LARGEST:,}"
        raise BadInput(f"The {name} must be {right}, but is {is_}.", field=name)
    return number


def text(request: HttpRequest, name: str, longest: int, default: str | None = None) -> str:
    """Text of 1 to `longest` visible characters, in Unicode's form NFC: see `visible`.

    Spaces around it are left out. If there is a `default`, it stands for a field that is missing or
    blank. Raises `BadInput` for anything else.
    """
    value = field(request, name)
    value = value.strip() if isinstance(value, str) else value
    if default is not None and value in (None, ""):
        return default
    return visible(value, name, longest)


def _digits(value: str | None) -> int | None:
    """The number that a text of digits says, or None.

    A text with leading zeros is none: it is probably a code that a scanner typed into this field.
    """
    return int(value) if value and re.fullmatch(r"\s*(0|[1-9][0-9]{0,9})\s*", value) else None
