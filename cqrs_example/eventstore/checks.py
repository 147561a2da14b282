"""`manage.py check` says what is wrong in settings.EVENTS, and whether the database is Postgres."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import InitVar, fields, is_dataclass
from importlib import import_module
from typing import Any, get_args

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import connection

from .codecs import CODECS, codec_for, hints_of
from .contracts import contracts, keyed

# Typed as `Any`: after `isinstance(value, tuple)` a type checker complains that the types of the
# values in it are unknown.
TUPLE: type[Any] = tuple


@register
def check_events(**kwargs: Any) -> list[CheckMessage]:
    """Each module can be imported and has event classes that can be stored and read; upcasters lead
    to such classes."""
    try:
        if wrong := [problem for module in settings.EVENTS for problem in _misshapen(str(module))]:
            return [Error(f"settings.EVENTS: {problem}", id="eventstore.E001") for problem in wrong]
        modules = {module: keyed(str(module)) for module in settings.EVENTS}
    except (AttributeError, ImportError, TypeError, ValueError) as error:
        return [Error(f"settings.EVENTS: {error}.", id="eventstore.E001")]
    problems = [
        f"{module} defines no event class." for module, found in modules.items() if not found
    ]
    count = Counter(key for found in modules.values() for key, _ in found)
    problems += [f"{key} is defined {times} times." for key, times in count.items() if times > 1]
    for key, contract in contracts().items():
        problems += _dead_ends(key) if isinstance(contract, tuple) else field_problems(contract)
    return [Error(f"settings.EVENTS: {problem}", id="eventstore.E001") for problem in problems]


@register
def check_vendor(**kwargs: Any) -> list[CheckMessage]:
    """The log is in the database `default`, which is Postgres."""
    if connection.vendor == "postgresql":
        return []
    sentence = f"settings.DATABASES['default'] must be Postgres, not {connection.vendor}."
    return [Error(sentence, id="eventstore.E002")]


def missing_apps(block: str, *labels: str) -> Iterator[CheckMessage]:
    """An error for each app with one of these labels that a block needs and the settings lack.

    Checks of other blocks use it too.
    """
    for label in labels:
        if label not in apps.app_configs:
            sentence = f"settings.INSTALLED_APPS lacks the app {label!r}, which {block} needs."
            yield Error(sentence, id=f"{block}.E009")


def _misshapen(module: str) -> Iterator[str]:
    """A sentence for each entry of the module's UPCASTERS with a wrong key or value."""
    for key, upcaster in getattr(import_module(module), "UPCASTERS", {}).items():
        if not _is_key(key):
            yield f"{module}.UPCASTERS has {key!r}: the key must be (type, schema version)."
        elif not (callable(upcaster) or _is_step(upcaster)):
            rule = "must be a function, or a pair of (type, schema version) and a function"
            yield f"{module}.UPCASTERS: the upcaster of {_named(key)} {rule}."


def _is_key(key: Any) -> bool:
    return isinstance(key, TUPLE) and [*map(type, key)] == [str, int]


def _is_step(upcaster: Any) -> bool:
    pair = isinstance(upcaster, TUPLE) and len(upcaster) == 2
    return pair and _is_key(upcaster[0]) and callable(upcaster[1])


def _dead_ends(key: tuple[str, int]) -> Iterator[str]:
    """A sentence if upcasters, one after the other, lead to no class."""
    passed = [key]
    while (contract := contracts().get(passed[-1])) and not isinstance(contract, type):
        passed.append(contract[0])
        if passed[-1] in passed[:-1]:
            yield f"{_named(key)} has an upcaster that leads back to {_named(passed[-1])}."
            return
    if contract is None:
        yield f"{_named(key)} has an upcaster, but there is no {_named(passed[-1])}."


def _named(key: tuple[str, int]) -> str:
    return f"{key[0]} {key[1]}"


def field_problems(kind: Any, seen: tuple[Any, ...] = ()) -> Iterator[str]:
    """A sentence for each reason why an event of this class could not be stored and read.

    Dataclasses in its fields are looked at too, but not those that were `seen`.
    """
    name = f"{kind.__module__}.{kind.__qualname__}"
    if not getattr(getattr(kind, "__dataclass_params__", None), "frozen", False):
        yield f"{name} must be a frozen dataclass: events are facts."
        return
    try:
        hints = hints_of(kind)
    except TypeError as problem:
        yield f"{name}: {problem}."
        return
    for field in fields(kind):
        yield from _field_problems(f"{name}.{field.name}", field, hints[field.name], (*seen, kind))
    init_vars = [field for field, hint in hints.items() if isinstance(hint, InitVar)]
    for field_name in init_vars:
        yield f"{name}.{field_name} is an InitVar, which is not stored: make it a field."


def _field_problems(name: str, field: Any, hint: Any, seen: tuple[Any, ...]) -> Iterator[str]:
    if not field.init:
        yield f"{name} has init=False, and could not be read back: make it a property."
    try:
        codec_for(hint)
    except TypeError as problem:
        yield f"{name}: {problem}."
        return
    for kind in _dataclasses(hint):
        if kind not in seen:
            yield from field_problems(kind, seen)


def _dataclasses(hint: Any) -> Iterator[Any]:
    if isinstance(hint, type) and is_dataclass(hint) and hint not in CODECS:
        yield hint
    for part in get_args(hint):
        yield from _dataclasses(part)
