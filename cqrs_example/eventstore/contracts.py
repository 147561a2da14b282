"""Event contracts: frozen dataclasses with a stored name, and their way back from JSON."""

from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.core.signals import setting_changed

from .codecs import built


class Event(Protocol):
    """A frozen dataclass with two class variables, in a module that `settings.EVENTS` lists.

    `type` is the name under which it is stored: a string of your own, so that a class can move
    without orphaning what is stored. `schema_version` is the number of the shape of its fields.
    """

    type: ClassVar[str]
    schema_version: ClassVar[int]


class UnreadableEvent(Exception):
    """An event that the code cannot read: unknown type or version, or fields that do not fit."""


@cache
def contracts() -> dict[tuple[str, int], Any]:
    """Every event class and every upcaster of `settings.EVENTS`, by type and schema version.

    An upcaster is `(where to, function)`: it takes the fields of a version that has no class any
    more to those of another type and version. Each module may have some, in a dict `UPCASTERS`: a
    function alone leads to the next version of the same type. As in Axon, none sees an old class.
    """
    return {key: contract for module in settings.EVENTS for key, contract in keyed(module)}


def _forget(**kwargs: Any) -> None:
    contracts.cache_clear()


setting_changed.connect(_forget)  # tests change settings


def keyed(module: str) -> list[tuple[tuple[str, int], Any]]:
    """The event classes and the upcasters of a module, with their types and schema versions."""
    classes = [((event.type, event.schema_version), event) for event in defined_in(module)]
    upcasters = getattr(import_module(module), "UPCASTERS", {})
    return [*classes, *((key, _leading(key, upcaster)) for key, upcaster in upcasters.items())]


def _leading(key: tuple[str, int], upcaster: Any) -> Any:
    return ((key[0], key[1] + 1), upcaster) if callable(upcaster) else upcaster


def defined_in(module: str) -> list[type[Any]]:
    """The event classes that a module defines: those with a type, not those that it imports.
    A class that has two names there is returned once."""
    values = [value for value in vars(import_module(module)).values() if isinstance(value, type)]
    return [
        cls for cls in dict.fromkeys(values) if cls.__module__ == module and hasattr(cls, "type")
    ]


def decode(event_type: str, schema_version: int, stored: dict[str, Any]) -> Any:
    """The event from its stored type, schema version and fields; raises `UnreadableEvent`."""
    contract = contracts().get((event_type, schema_version))
    if contract is None:
        raise UnreadableEvent(f"settings.EVENTS has no {event_type} of version {schema_version}")
    try:
        if isinstance(contract, type):
            return built(contract, stored)
        (event_type, schema_version), upcast = contract
        return decode(event_type, schema_version, upcast(stored))
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise UnreadableEvent(f"{event_type} does not fit {stored}: {error!r}") from error


def stored_as(classes: tuple[type[Any], ...]) -> set[tuple[str, int]]:
    """The stored types and schema versions that are read as one of these classes, or as one that
    derives from it: its own, and those from which upcasters lead to it."""
    return {key for key in contracts() if issubclass(_current(key), classes)}


def event_classes() -> list[type[Any]]:
    """The event classes that the modules of `settings.EVENTS` define."""
    return [contract for contract in contracts().values() if isinstance(contract, type)]


def _current(key: tuple[str, int]) -> type[Any]:
    contract = contracts()[key]
    return contract if isinstance(contract, type) else _current(contract[0])
