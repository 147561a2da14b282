"""Make sure that an event reads back from the log as it was: equal, and with the same types."""

from collections.abc import Callable
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

from .compound import MAPPINGS, ROWS, SETS
from .json_text import as_json, from_jsonb
from .table import shape_of

AS_THEY_ARE: set[type[Any]] = {str, int, bool, type(None)}  # JSON and jsonb do not change them
SCALARS = (str, int, float, Decimal, UUID, date, datetime, time, timedelta)


def read_back(given: Any, data: Any, decode: Callable[[str, int, Any], Any]) -> Any:
    """The event as it will be read from the log, made from its fields as `written` returned them.

    Raises `TypeError` if it differs from the `given` event: a projection has to hear the same in a
    replay as now.
    """
    plain = {*map(type, data.values())} <= AS_THEY_ARE
    stored = {**data} if plain else from_jsonb(as_json(data))
    read = decode(given.type, given.schema_version, stored)
    require_unchanged(given, read)
    return read


def require_unchanged(given: Any, read: Any) -> None:
    """Raise `TypeError` if a field of an event differs from the one that was read back."""
    for name in shape_of(given.__class__).names:
        before, after = getattr(given, name), getattr(read, name)
        if before is not after and not same(before, after):
            raise TypeError(
                f"{type(given).__qualname__}.{name} = {before!r:.200} would read back as"
                f" {after!r:.200}: annotate the field with the type of this value, or store it in"
                " another form (docs/events.md lists what an event may hold)."
            )


def same(given: Any, read: Any) -> bool:
    """Whether two values are equal and have the same types, also inside of collections."""
    if type(given) is not type(read):
        return _is_widened(given, read)
    if type(given) in (str, int, bool, UUID):
        return bool(given == read)
    if isinstance(given, (datetime, time)):
        return _clock(given) == _clock(read)
    if isinstance(given, MAPPINGS):
        return _typed(given) == _typed(read) and all(same(given[key], read[key]) for key in given)
    if isinstance(given, ROWS):
        return len(given) == len(read) and all(map(same, given, read))
    if isinstance(given, SETS):
        return _typed(given) == _typed(read)
    if is_dataclass(given):
        names = shape_of(cast(Any, given).__class__).names
        return all(same(getattr(given, name), getattr(read, name)) for name in names)
    return bool(given == read)


def _is_widened(given: Any, read: Any) -> bool:
    """Whether a value of another type may be read back as this one.

    That may be a whole number where a float is declared, or an instance of a subclass of the
    declared type, unless it is an Enum.
    """
    widened = type(given) is int and type(read) is float
    derived = type(read) in SCALARS and isinstance(given, type(read))
    return (widened or (derived and not isinstance(given, Enum))) and bool(given == read)


def _clock(value: datetime | time) -> tuple[Any, ...]:
    """A time as it can be compared: what the clock shows, and its distance from UTC.

    Python calls two times of different zones unequal if one of them is in an hour that comes twice.
    And the name of a time zone is not stored.
    """
    aware = value.tzinfo is not None
    return value.replace(tzinfo=None, fold=0), value.utcoffset(), aware, aware or value.fold


def _typed(values: Any) -> set[tuple[type, Any]]:
    return {(type(value), value) for value in values}
