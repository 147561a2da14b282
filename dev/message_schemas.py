"""JSON Schemas for the data of events, made from the contracts, for programs that read messages.

`python -m dev.message_schemas docs/messages` writes those that are missing, and refuses where one
that is there would change: others read by it.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import django

from cqrs_example.eventstore.contracts import contracts
from dev.environment import development_values
from dev.failure import DevError, exit_with_sentence
from dev.modes import DEFAULT, settings_of

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


def write(folder: Path) -> None:
    """Write what is missing; raises `DevError` where a schema would change."""
    for name, schema in schemas():
        file, text = folder / name, json.dumps(schema, indent=2) + "\n"
        if file.exists() and file.read_text() != text:
            raise DevError(
                f"{file} says otherwise, and others read by it: give the event another"
                " schema_version, or delete the file if nobody has seen such a message."
            )
        file.write_text(text)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings_of(DEFAULT))
    for name, value in development_values().items():
        os.environ.setdefault(name, value)
    django.setup()
    write(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    exit_with_sentence(main)
