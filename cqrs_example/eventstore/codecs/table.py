"""The table of types, and what is worked out from it once for each class of events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from operator import attrgetter
from typing import (
    Any,
    Literal,
    NamedTuple,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

from django.utils.dateparse import parse_duration
from django.utils.duration import duration_iso_string

from .compound import AS_IT_IS, BUILDERS, Codec


def _iso(value: Any) -> Any:
    return value.isoformat()


# A float too: jsonb makes an integer of 1e22.
CODECS: dict[Any, Codec] = {
    float: Codec(float, float),
    Decimal: Codec(str, Decimal),
    UUID: Codec(str, UUID),
    date: Codec(_iso, date.fromisoformat),
    datetime: Codec(_iso, datetime.fromisoformat),
    time: Codec(_iso, time.fromisoformat),
    timedelta: Codec(duration_iso_string, parse_duration),
}
JSON = (str, int, bool, type(None), Any, object, list, dict, Sequence, Mapping)
INSTEAD = (
    "use text, numbers, dates and times, UUID, an Enum, a frozen dataclass, or list, tuple, set and"
    " dict with their types in brackets; or give the type an entry in `eventstore.codecs.CODECS`"
)


class Shape(NamedTuple):
    """What is worked out once for each dataclass: its fields, and which of them have a codec."""

    names: tuple[str, ...]
    writers: list[tuple[str, Callable[[Any], Any]]]
    readers: list[tuple[str, Callable[[Any], Any]]]


def written(event: Any) -> dict[str, Any]:
    """The fields of an event as JSON can hold them; raises `TypeError` with a sentence."""
    shape = shape_of(event.__class__)
    data = {name: getattr(event, name) for name in shape.names}
    for name, write in shape.writers:
        if data[name] is not None:
            data[name] = _written(event, name, write)
    return data


def built(kind: Any, stored: dict[str, Any]) -> Any:
    """The instance of a dataclass from what `written` made of its fields."""
    for name, read in shape_of(kind).readers:
        if stored.get(name) is not None:
            stored[name] = read(stored[name])
    return kind(**stored)


def _written(event: Any, name: str, write: Callable[[Any], Any]) -> Any:
    value = getattr(event, name)
    try:
        return write(value)
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        place = f"{type(event).__qualname__}.{name} = {value!r:.200}"
        raise TypeError(f"{place} cannot be stored: {error}.") from error


@cache
def shape_of(kind: Any) -> Shape:
    """What has no codec is refused when it is written, and read as it is stored."""
    hints, codecs = hints_of(kind), dict[str, Codec]()
    names = tuple(field.name for field in fields(kind))
    for name in names:
        try:
            codec = codec_for(hints[name])
        except TypeError as problem:
            codec = Codec(partial(_refuse, problem), AS_IT_IS.read)
        if codec:
            codecs[name] = codec
    writers = [(name, codec.write) for name, codec in codecs.items()]
    return Shape(names, writers, [(name, codec.read) for name, codec in codecs.items()])


def _refuse(problem: TypeError, value: Any) -> Any:
    raise problem


def hints_of(kind: Any) -> dict[str, Any]:
    """The types of a class's fields; raises `TypeError` when they name what is not there."""
    try:
        return get_type_hints(kind)
    except NameError as error:
        problem = f"an annotation of {kind.__qualname__} cannot be resolved: {error}"
        raise TypeError(f"{problem}; import it at run time, not under TYPE_CHECKING") from error


def codec_for(hint: Any) -> Codec | None:
    """The codec for a type as it is annotated; None where JSON holds the value as it is.

    Raises `TypeError`, which says why, for a type that cannot be written and read.
    """
    while alias := getattr(hint, "__supertype__", None) or getattr(hint, "__value__", None):
        hint = alias  # NewType, or `type Name = …`
    origin, arguments = get_origin(hint) or hint, get_args(hint)
    if origin in CODECS:
        return _strict(origin, CODECS[origin])
    if hint in JSON or _plain_dict(hint):
        return None
    if origin is Literal:
        kinds: set[Any] = {type(value) for value in arguments}
        origin, arguments = Union, tuple(kinds)
    if origin in BUILDERS:
        codecs = [codec_for(argument) for argument in arguments if argument is not ...]
        if origin in (dict, Mapping):
            codecs[0] = _key(arguments[0])
        return BUILDERS[origin](arguments, codecs)
    return _of_class(hint)


def _of_class(hint: Any) -> Codec:
    name = getattr(hint, "__name__", hint)
    if isinstance(hint, type) and issubclass(hint, Enum) and len(hint):
        return _strict(hint, enumerated(hint))
    if isinstance(hint, type) and is_dataclass(hint):
        if not cast(Any, hint).__dataclass_params__.frozen:
            raise TypeError(f"the dataclass {name} must be frozen: events are facts")
        return _strict(hint, Codec(written, partial(built, hint)))
    raise TypeError(f"{name} has no codec: {INSTEAD}")


def _strict(kind: Any, codec: Codec) -> Codec:
    """A codec that writes only what is of its type. A datetime is a date to Python, but not when it
    is read; and the members of some Enums are numbers, but not when they are read."""

    def write(value: Any) -> Any:
        fits = isinstance(value, kind) or (kind is float and type(value) is int)
        other = datetime if kind is date else Enum
        if not fits or (isinstance(value, other) and not issubclass(kind, other)):
            raise TypeError(f"declared is {kind.__name__}, given was {type(value).__name__}")
        return codec.write(value)

    return Codec(write, codec.read)


def enumerated(kind: Any) -> Codec:
    """By value where that is text or a whole number; else by name."""
    if all(type(member.value) in (str, int) for member in kind):
        return Codec(attrgetter("value"), kind)
    return Codec(attrgetter("name"), kind.__getitem__)


def _key(hint: Any) -> Codec | None:
    """JSON has text as keys, and nothing else."""
    if hint is int:
        return Codec(str, int)
    if isinstance(hint, type) and issubclass(hint, Enum) and len(hint):
        texts = {member: str(enumerated(hint).write(member)) for member in hint}
        members = {text: member for member, text in texts.items()}
        return _strict(hint, Codec(texts.__getitem__, members.__getitem__))
    if hint not in (str, Any, *CODECS) or hint is float:
        raise TypeError("the keys of a dict can be text, int, Enum, UUID, date or time, no others")
    return codec_for(hint)


def _plain_dict(hint: Any) -> bool:
    return is_typeddict(hint) and not any(map(codec_for, hints_of(hint).values()))
