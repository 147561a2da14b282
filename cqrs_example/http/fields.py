"""The fields of a body, JSON's or a form's: what is not exactly right is refused by its name."""

import json
import re
from typing import Any

from django.http import HttpRequest

from .characters import visible
from .reading import BadInput, is_json, json_object

LARGEST = 2_147_483_647  # what an integer of Postgres holds


def field(request: HttpRequest, name: str) -> Any:
    """What the body has under a name: any JSON value, or a form's text; None if nothing.

    Raises `BadInput` where the body is not JSON, or no object.
    """
    return (json_object(request) if is_json(request) else request.POST).get(name)


def whole_number(request: HttpRequest, name: str, least: int = 0) -> int:
    """A whole number from `least` to 2,147,483,647: a JSON integer, or digits in a form's field.

    Raises `BadInput` for anything else.
    """
    return to_whole_number(field(request, name), name, least, typed=not is_json(request))


def to_whole_number(value: Any, name: str, least: int = 0, *, typed: bool) -> int:
    """The same of a value: of the digits that somebody typed, or of an integer that JSON had."""
    number = _digits(value) if typed else value
    if type(number) is not int or not least <= number <= LARGEST:
        is_ = "missing" if value in (None, "") else f"{json.dumps(value, ensure_ascii=False):.40}"
        right = f"a whole number from {least} to {LARGEST:,}"
        raise BadInput(f"The {name} must be {right}, but is {is_}.", field=name)
    return number


def text(request: HttpRequest, name: str, longest: int, default: str | None = None) -> str:
    """Text of 1 to `longest` visible characters, in its one spelling: see `visible`.

    Spaces around it are left out. With a `default` it may be missing or blank. Raises `BadInput`
    for anything else.
    """
    value = field(request, name)
    value = value.strip() if isinstance(value, str) else value
    if default is not None and value in (None, ""):
        return default
    return visible(value, name, longest)


def _digits(value: str | None) -> int | None:
    """None for what is no number, such as a code with zeros before it that a scanner has typed."""
    return int(value) if value and re.fullmatch(r"\s*(0|[1-9][0-9]{0,9})\s*", value) else None
