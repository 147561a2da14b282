"""Codecs for types that hold other values: unions with None, lists, tuples, sets and dicts."""

import json
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Union

# Typed as `Any`, because after `isinstance(value, dict)` a type checker complains that the types of
# the keys and values are unknown.
MAPPINGS: tuple[type[Any], ...] = (Mapping,)
ROWS: tuple[type[Any], ...] = (list, tuple)
SETS: tuple[type[Any], ...] = (set, frozenset)


class Codec(NamedTuple):
    """Two functions, to JSON and back: `read(write(value))` equals the value, and has its type."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _itself(value: Any) -> Any:
    return value


AS_IT_IS = Codec(_itself, _itself)
# The codecs of the types in brackets. None stands for a type whose values JSON holds as they are.
Codecs = Sequence[Codec | None]


def in_one_order(values: Sequence[Any]) -> list[Any]:
    """The elements of a set, as JSON, sorted by their texts, so that all processes agree."""
    return sorted(values, key=partial(json.dumps, sort_keys=True))


def union(arguments: Sequence[Any], codecs: Codecs) -> Codec | None:
    """The codec of a union. Apart from None it may have several types only if none needs a codec.

    Raises `TypeError` for other unions: their values could not be told apart in JSON.
    """
    codecs = [codec for kind, codec in zip(arguments, codecs, strict=True) if kind is not NONE]
    if not any(codecs):
        return None
    if len(codecs) > 1:
        names = " | ".join(getattr(kind, "__name__", str(kind)) for kind in arguments)
        raise TypeError(f"{names} cannot be told apart when it is read: use one type, or it | None")
    [codec] = codecs
    return codec and Codec(_or_none(codec.write), _or_none(codec.read))


def _or_none(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


def many(kind: Any, arguments: Sequence[Any], codecs: Codecs) -> Codec | None:
    """The codec of a list, set or frozenset of one type, or of a tuple of any length."""
    if not any(codecs) and kind is list:
        return None
    write, read = (codecs[0] if codecs else None) or AS_IT_IS
    order = in_one_order if kind in SETS else list[Any]

    def write_all(values: Any) -> list[Any]:
        if not isinstance(values, kind):
            raise TypeError(f"declared is {kind.__name__}, given was {type(values).__name__}")
        return order([write(value) for value in values])

    def read_all(stored: Sequence[Any]) -> Any:
        return kind([read(value) for value in stored])

    return Codec(write_all, read_all)


def row(arguments: Sequence[Any], codecs: Codecs) -> Codec | None:
    """The codec of a tuple, of one type and any length, or with a type for each place."""
    if not arguments or arguments[-1] is ...:
        return many(tuple, arguments, codecs)

    def convert(way: int, values: Sequence[Any]) -> Iterator[Any]:
        return (
            (codec or AS_IT_IS)[way](value) for codec, value in zip(codecs, values, strict=True)
        )

    def write_all(values: Sequence[Any]) -> list[Any]:
        return [*convert(0, values)]

    def read_all(stored: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(convert(1, stored))

    return Codec(write_all, read_all)


def mapping(arguments: Sequence[Any], codecs: Codecs) -> Codec | None:
    """The codec of a dict, whose keys are written as text."""
    if not any(codecs):
        return None
    key, value = (codec or AS_IT_IS for codec in codecs)

    def write_all(values: Mapping[Any, Any]) -> dict[str, Any]:
        return {_text(key.write(k)): value.write(v) for k, v in values.items()}

    def read_all(stored: Mapping[str, Any]) -> dict[Any, Any]:
        return {key.read(k): value.read(v) for k, v in stored.items()}

    return Codec(write_all, read_all)


def _text(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key of a dict must be written as text, not as {key!r}")
    return key


NONE = type(None)
BUILDERS: dict[Any, Callable[[Sequence[Any], Codecs], Codec | None]] = {
    Union: union,
    types.UnionType: union,
    tuple: row,
    **{kind: partial(many, kind) for kind in (list, set, frozenset)},
    Sequence: partial(many, list),
    dict: mapping,
    Mapping: mapping,
}
