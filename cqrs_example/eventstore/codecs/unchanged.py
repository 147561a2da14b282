"""Whether an event reads back as it was: equal, and of the same types all the way down."""

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

AS_THEY_ARE: set[type[Any]] = {str, int, bool, type(None)}  # JSON is no detour for them
SCALARS = (str, int, float, Decimal, UUID, date, datetime, time, timedelta)


def read_back(given: Any, data: Any, decode: Callable[[str, int, Any], Any]) -> Any:
    """An event as it is read, from its fields as `written` gave them; raises `TypeError` where that
    is something else: a projection must hear in a replay what it hears now."""
    plain = {*map(type, data.values())} <= AS_THEY_ARE
    stored = {**data} if plain else from_jsonb(as_json(data))
    read = decode(given.type, given.schema_version, stored)
    require_unchanged(given, read)
    return read


def require_unchanged(given: Any, read: Any) -> None:
    """Raises `TypeError` with a sentence that names the field."""
    for name in shape_of(given.__class__).names:
        before, after = getattr(given, name), getattr(read, name)
        if before is not after and not same(before, after):
            raise TypeError(
                f"{type(given).__qualname__}.{name} = {before!r:.200} would read back as"
                f" {after!r:.200}: declare the field as what it holds, or store it in another form"
                " (docs/events.md lists what an event may hold)."
            )


def same(given: Any, read: Any) -> bool:
    """Equal, and of the same types."""
    if type(given) is not type(read):
        return _as_good_as(given, read)
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


def _as_good_as(given: Any, read: Any) -> bool:
    """A whole number where a float is declared; a subclass of what is declared, but for an Enum."""
    widened = type(given) is int and type(read) is float
    derived = type(read) in SCALARS and isinstance(given, type(read))
    return (widened or (derived and not isinstance(given, Enum))) and bool(given == read)


def _clock(value: datetime | time) -> tuple[Any, ...]:
    """What the clock shows, and how far it is from UTC. Python never calls two times equal of which
    one is in an hour that comes twice; and a zone's name is no part of what is stored."""
    aware = value.tzinfo is not None
    return value.replace(tzinfo=None, fold=0), value.utcoffset(), aware, aware or value.fold


def _typed(values: Any) -> set[tuple[type, Any]]:
    return {(type(value), value) for value in values}
