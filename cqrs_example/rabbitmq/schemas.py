"""A JSON Schema for the data of each event, made from its contract."""

from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..eventstore.contracts import contracts

TYPES = {bool: "boolean", int: "integer", float: "number", NoneType: "null"}
LISTS = (list, tuple, set, frozenset)


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """File name and schema, for each type and version that has a class. A version of before, which
    an upcaster reads, keeps the file that it had."""
    for (name, version), contract in contracts().items():
        if isinstance(contract, type):
            head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
            yield f"{name}.v{version}.json", {**head, "title": name, **_object(contract)}


def _object(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    properties = {name: _schema(hints[name]) for name in names}
    return {"type": "object", "properties": properties, "required": names}


def _schema(hint: Any) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(one) for one in arguments]}
    if (origin or hint) in LISTS:
        return {"type": "array", **({"items": _schema(arguments[0])} if arguments else {})}
    if (origin or hint) is dict:
        return {"type": "object"}
    if hasattr(hint, "__dataclass_fields__"):
        return _object(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {}
    # What JSON has no type for is stored as text.
    return {"type": TYPES.get(hint, "string")} if isinstance(hint, type) else {}
