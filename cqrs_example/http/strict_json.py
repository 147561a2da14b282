"""The JSON of a body, read strictly."""

import json
from typing import Any

from django.http import HttpRequest


def strictly_read(request: HttpRequest) -> Any:
    """What a body says that is JSON in UTF-8; raises `ValueError`, or `RecursionError`, where it is
    not exactly that, or has what does not survive the way back.

    It is read once: the fields are asked for one by one.
    """
    kept = vars(request)
    if "json_body" not in kept:
        kept["json_body"] = _read(request.body.decode())
    return kept["json_body"]


def _read(text: str) -> Any:
    value = json.loads(text, object_pairs_hook=_unique)
    # Python's JSON has NaN and halves of surrogate pairs.
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)
