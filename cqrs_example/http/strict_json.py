"""Parse the JSON of a body strictly."""

import json
from typing import Any

from django.http import HttpRequest


def strictly_read(request: HttpRequest) -> Any:
    """The value of a body, which is JSON in UTF-8.

    Raises `ValueError` if it is not, if an object has a key twice, or if the value could not be
    written as JSON again; raises `RecursionError` if it is nested too deeply. The request keeps the
    value, because a view asks for each field by itself.
    """
    attributes = vars(request)
    if "json_body" not in attributes:
        attributes["json_body"] = _read(request.body.decode())
    return attributes["json_body"]


def _read(text: str) -> Any:
    value = json.loads(text, object_pairs_hook=_unique)
    # Python reads NaN and halves of surrogate pairs too, which are no JSON and which Postgres
    # refuses.
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)
