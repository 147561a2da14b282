"""A stream as the beginning of a test: the events that were given, as Python."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from ..eventstore import RecordedEvent

WIDTH = 88


def as_python(events: Iterable[RecordedEvent[Any]]) -> str:
    """A module with the list `given`: calls that make equal events, after their imports."""
    data = [event.data for event in events]
    calls = "".join(f"    {line}\n" for one in data for line in _call(one))
    imports = "\n".join(_imports(data))
    return f"{imports}\n\ngiven = [\n{calls}]\n"


def _call(event: Any) -> list[str]:
    """The lines of a constructor call; on one line if it fits."""
    name = type(event).__qualname__
    arguments = [f"{one.name}={_literal(getattr(event, one.name))}" for one in fields(event)]
    line = f"{name}({', '.join(arguments)}),"
    if len(line) + 4 <= WIDTH:
        return [line]
    return [f"{name}(", *[f"    {argument}," for argument in arguments], "),"]


def _literal(value: Any) -> str:
    """As `repr`, in which every hidden character is escaped; text in double quotes where it can."""
    text = repr(value)
    if isinstance(value, str) and text.startswith("'") and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


def _imports(data: list[Any]) -> list[str]:
    """What the calls need, sorted: first the standard library, then the modules of the events."""
    used = list(_values([getattr(one, field.name) for one in data for field in fields(one)]))
    kinds = {Decimal: "from decimal import Decimal", UUID: "from uuid import UUID"}
    standard = [line for kind, line in kinds.items() if any(isinstance(one, kind) for one in used)]
    if any(isinstance(one, date) for one in used):
        standard.insert(0, "import datetime")
    names: dict[str, set[str]] = {}
    for one in data:
        names.setdefault(type(one).__module__, set()).add(type(one).__qualname__)
    own = [f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names)]
    return [*standard, "", *own] if standard else own


def _values(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        yield value
        if isinstance(value, list):
            yield from _values(value)
        elif isinstance(value, dict):
            yield from _values(value.values())
