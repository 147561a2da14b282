"""Events as Python code: constructor calls and their imports, for the beginning of a test."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from ..eventstore import RecordedEvent

WIDTH = 88  # characters in a line of the code
# Typed as `Any`, because after `isinstance(value, dict)` a type checker complains that the types of
# the keys and values are unknown.
DICT: type[Any] = dict
TUPLE: type[Any] = tuple
MANY: tuple[type[Any], ...] = (list, tuple, set, frozenset)
BRACKETS: dict[Any, str] = {list: "[{}]", set: "{{{}}}", frozenset: "frozenset({{{}}})"}
STANDARD: dict[tuple[type, ...], str] = {
    (date, time, timedelta): "import datetime",
    (Decimal,): "from decimal import Decimal",
    (UUID,): "from uuid import UUID",
}


def as_python(events: Iterable[RecordedEvent[Any]]) -> str:
    """The code of a module with the list `given`, whose calls make equal events."""
    data = [event.data for event in events]
    calls = "".join(f"    {line}\n" for event in data for line in call(event))
    return "\n".join(imports(data)) + f"\n\ngiven = [\n{calls}]\n"


def call(event: Any, indent: int = 4) -> list[str]:
    """The lines of a constructor call, with a comma; it is one line if that fits the width."""
    name, arguments = type(event).__qualname__, _arguments(event)
    line = f"{name}({', '.join(arguments)}),"
    if len(line) + indent <= WIDTH:
        return [line]
    return [f"{name}(", *[f"    {argument}," for argument in arguments], "),"]


def _arguments(event: Any) -> list[str]:
    return [f"{field.name}={literal(getattr(event, field.name))}" for field in fields(event)]


def literal(value: Any) -> str:
    """A value as Python code. Mostly that is its `repr`, which escapes hidden characters.

    The `repr` of an enum, and of a collection that holds one, is no code.
    """
    if isinstance(value, Enum):
        name = type(value).__qualname__
        return f"{name}.{value.name}" if value in list(type(value)) else f"{name}({value.value!r})"
    if is_dataclass(value):
        return f"{type(value).__qualname__}({', '.join(_arguments(value))})"
    if isinstance(value, DICT):
        return f"{{{', '.join(f'{literal(k)}: {literal(item)}' for k, item in value.items())}}}"
    if isinstance(value, TUPLE):
        return f"({''.join(f'{literal(item)}, ' for item in value).strip()})"
    if type(value) in BRACKETS and value:
        return BRACKETS[type(value)].format(", ".join(map(literal, value)))
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """A text in double quotes, or in single ones if it has double quotes in it."""
    text = repr(str(value))
    return f'"{text[1:-1]}"' if text.startswith("'") and '"' not in text else text


def imports(data: list[Any]) -> list[str]:
    """The imports that the calls need: of the standard library, then of the events' modules."""
    used = list(_values(data))
    standard = [line for kinds, line in STANDARD.items() if any(isinstance(v, kinds) for v in used)]
    names: dict[str, set[str]] = {}
    for value in used:
        if is_dataclass(value) or isinstance(value, Enum):
            names.setdefault(type(value).__module__, set()).add(
                type(value).__qualname__.split(".")[0]
            )
    own = [import_line(module, sorted(names[module])) for module in sorted(names)]
    return [*standard, "", *own] if standard else own


def import_line(module: str, names: list[str]) -> str:
    """The code of an import; it is one line if that fits the width."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *[f"    {name}," for name in names], ")"])


def _values(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        yield value
        if is_dataclass(value):
            yield from _values([getattr(value, field.name) for field in fields(value)])
        elif isinstance(value, MANY):
            yield from _values(value)
        elif isinstance(value, DICT):
            yield from _values([*value, *value.values()])
