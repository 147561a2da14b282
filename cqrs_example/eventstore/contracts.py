"""Event contracts: frozen dataclasses with a stored name, and their way to JSON and back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Protocol, get_args, get_origin, get_type_hints
from uuid import UUID

from django.conf import settings

# JSON has no such values: they are stored as text (a tuple as a list) and read back by these.
READERS: dict[Any, Callable[[Any], Any]] = {
    Decimal: Decimal,
    UUID: UUID,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    tuple: tuple,
}


class Event(Protocol):
    """A frozen dataclass with two class variables, in a module that `settings.EVENTS` lists.

    `type` is the name under which it is stored: a string of your own, so that a class can move
    without orphaning what is stored. `schema_version` is the number of the shape of its fields.
    """

    type: ClassVar[str]
    schema_version: ClassVar[int]


class UnreadableEvent(Exception):
    """An event that the code cannot read: unknown type or version, or fields that do not fit."""


def contracts() -> dict[tuple[str, int], type[Any]]:
    """Every event class of `settings.EVENTS`, by type and schema version."""
    return _contracts(tuple(settings.EVENTS))


@cache
def _contracts(modules: tuple[str, ...]) -> dict[tuple[str, int], type[Any]]:
    return {
        (contract.type, contract.schema_version): contract
        for module in modules
        for contract in defined_in(module)
    }


def defined_in(module: str) -> list[type[Any]]:
    """The event classes that a module defines: those with a type, not those that it imports."""
    classes = [value for value in vars(import_module(module)).values() if isinstance(value, type)]
    return [one for one in classes if one.__module__ == module and hasattr(one, "type")]


def encode(event: Event) -> dict[str, Any]:
    """The event's fields as JSON has them.

    Raises `TypeError` when they would not read back as they are: better now than in a year.
    """
    values = {name: getattr(event, name) for name in _field_names(type(event))}
    try:
        stored: dict[str, Any] = json.loads(json.dumps(values, default=str, allow_nan=False))
        unchanged = decode(event.type, event.schema_version, stored) == event
    except (ValueError, UnreadableEvent) as error:
        raise TypeError(f"{event!r} cannot be stored: {error}") from error
    if not unchanged:
        raise TypeError(
            f"{event!r} would not read back as it is: fields may be str, int, float, bool, None,"
            " Decimal, UUID, date, datetime, and lists, tuples and dicts of what JSON has."
        )
    return stored


def decode(event_type: str, schema_version: int, stored: Mapping[str, Any]) -> Any:
    """The event from its stored type, schema version and fields; raises `UnreadableEvent`."""
    contract: Any = contracts().get((event_type, schema_version))
    if contract is None:
        raise UnreadableEvent(
            f"no module of settings.EVENTS defines {event_type}, schema version {schema_version}"
        )
    try:
        read = {
            name: reader(stored[name])
            for name, reader in _field_readers(contract)
            if stored[name] is not None
        }
        return contract(**{**stored, **read})
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise UnreadableEvent(f"{contract.__name__} does not fit {stored}: {error!r}") from error


@cache
def _field_names(contract: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(contract))


@cache
def _field_readers(contract: Any) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    hints = get_type_hints(contract)
    kinds = {name: _kind(hints[name]) for name in _field_names(contract)}
    return tuple((name, READERS[kind]) for name, kind in kinds.items() if kind in READERS)


def _kind(hint: Any) -> Any:
    """`Decimal` for Decimal and for Decimal | None; `tuple` for tuple[str, ...]."""
    inner = [one for one in get_args(hint) if one is not type(None)]
    if type(None) in get_args(hint) and len(inner) == 1:
        return _kind(inner[0])
    return get_origin(hint) or hint
