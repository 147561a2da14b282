"""Event contracts: frozen dataclasses with a name in the log, and how they are read from JSON."""

from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.core.signals import setting_changed

from .codecs import built


class Event(Protocol):
    """A frozen dataclass with two class variables, in a module that `settings.EVENTS` lists.

    `type` is its name in the log. It is not the name of the class, so that you can move and rename
    the class, and events in the log can still be read. `schema_version` counts the changes of its
    fields.
    """

    type: ClassVar[str]
    schema_version: ClassVar[int]


class UnreadableEvent(Exception):
    """The code cannot read an event: its type or version is unknown, or its fields do not fit."""


@cache
def contracts() -> dict[tuple[str, int], Any]:
    """Types and schema versions, each with its event class or its upcaster, from `settings.EVENTS`.

    An upcaster is a pair: another type and version, and a function that turns stored fields of a
    version without a class into fields of that one. A module lists upcasters in a dict `UPCASTERS`;
    a function alone there leads to the next version of its type. The idea is Axon's: upcasters
    change stored fields, so that no class of an old version is needed.
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
    """The event classes that a module defines: its classes with a `type`, without imported ones."""
    values = [value for value in vars(import_module(module)).values() if isinstance(value, type)]
    return [
        cls for cls in dict.fromkeys(values) if cls.__module__ == module and hasattr(cls, "type")
    ]


def decode(event_type: str, schema_version: int, stored: dict[str, Any]) -> Any:
    """The event with these stored fields, as an instance of its class; raises `UnreadableEvent`."""
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
    """The types and schema versions in the log that are read as instances of these classes.

    They are those of the classes and of classes that derive from them, and those from which
    upcasters lead there.
    """
    return {key for key in contracts() if issubclass(_current(key), classes)}


def event_classes() -> list[type[Any]]:
    """The event classes that the modules of `settings.EVENTS` define."""
    return [contract for contract in contracts().values() if isinstance(contract, type)]


def _current(key: tuple[str, int]) -> type[Any]:
    contract = contracts()[key]
    return contract if isinstance(contract, type) else _current(contract[0])
