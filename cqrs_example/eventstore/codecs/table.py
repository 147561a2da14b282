"""The table of types with codecs, and the codecs of each class, which are found once."""

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


# A float needs a codec, because jsonb makes an integer of 1e22.
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
    """The names of a dataclass's fields, and the functions to write and read those with a codec."""

    names: tuple[str, ...]
    writers: list[tuple[str, Callable[[Any], Any]]]
    readers: list[tuple[str, Callable[[Any], Any]]]


def written(event: Any) -> dict[str, Any]:
    """The fields of an event as values that JSON can hold.

    Raises `TypeError` for a value that its codec refuses, or whose type has no codec.
    """
    shape = shape_of(event.__class__)
    data = {name: getattr(event, name) for name in shape.names}
    for name, write in shape.writers:
        if data[name] is not None:
            data[name] = _written(event, name, write)
    return data


def built(kind: Any, stored: dict[str, Any]) -> Any:
    """The instance of a dataclass from its fields as `written` returned them.

    It changes the dict `stored`. Raises what a codec or the class raises for fields that do not
    fit.
    """
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
    """The `Shape` of a dataclass.

    A type without a codec gets one that refuses to write values, and reads them as they are stored:
    so old events can still be read.
    """
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
    """The types of a class's fields; raises `TypeError` if a name in them cannot be resolved."""
    try:
        return get_type_hints(kind)
    except NameError as error:
        problem = f"an annotation of {kind.__qualname__} cannot be resolved: {error}"
        raise TypeError(f"{problem}; import it at run time, not under TYPE_CHECKING") from error


def codec_for(hint: Any) -> Codec | None:
    """The codec for the annotation of a field; None if JSON holds its values as they are.

    Raises `TypeError` for a type that cannot be written and read.
    """
    while alias := getattr(hint, "__supertype__", None) or getattr(hint, "__value__", None):
        hint = alias  # the type behind a NewType, or behind `type Name = …`
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
    """A codec that writes only values of this type, since others would read back differently.

    For Python, a datetime is a date, and a member of an IntEnum is a number. Read back, they would
    be a date and a plain number.
    """

    def write(value: Any) -> Any:
        fits = isinstance(value, kind) or (kind is float and type(value) is int)
        other = datetime if kind is date else Enum
        if not fits or (isinstance(value, other) and not issubclass(kind, other)):
            raise TypeError(f"declared is {kind.__name__}, given was {type(value).__name__}")
        return codec.write(value)

    return Codec(write, codec.read)


def enumerated(kind: Any) -> Codec:
    """The codec of an Enum: by value if all values are text or whole numbers, otherwise by name."""
    if all(type(member.value) in (str, int) for member in kind):
        return Codec(attrgetter("value"), kind)
    return Codec(attrgetter("name"), kind.__getitem__)


def _key(hint: Any) -> Codec | None:
    """The codec for the keys of a dict, which JSON has as text only."""
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
