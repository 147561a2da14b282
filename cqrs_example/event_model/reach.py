"""Which functions and classes a function uses, found in its compiled code.

So nobody has to declare which view takes which command.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from inspect import getclosurevars, isclass, isfunction, ismodule, unwrap
from types import CodeType, FunctionType
from typing import Any

Thing = FunctionType | type[Any]


def plain(function: Callable[..., Any]) -> Any:
    """The function inside of `partial`, and of decorators that keep it in `__wrapped__`."""
    while isinstance(function, partial):
        function = function.func
    return unwrap(function)


def named_by(function: Callable[..., Any]) -> set[Thing]:
    """The functions and classes that a function names, and those that functions of its package name
    which it calls.

    A name that the code puts together at run time is not found.
    """
    begin = plain(function)
    package = begin.__module__.rpartition(".")[0]
    found: set[Thing] = set()
    waiting = [begin]
    while waiting:
        for thing in _named(waiting.pop()):
            if thing in found:
                continue
            found.add(thing)
            if isfunction(thing) and thing.__module__.startswith(package):
                waiting.append(thing)
    return found


def _named(function: Any) -> Iterator[Thing]:
    plain_function = plain(function)
    names = set(_names(plain_function.__code__))
    values = plain_function.__globals__
    yield from _things([values.get(name) for name in names], names)
    yield from _things(getclosurevars(plain_function).nonlocals.values(), names)


def _things(values: Iterable[Any], names: set[str]) -> Iterator[Thing]:
    """The functions and classes among these values.

    Of a module among them those with these names, of a dataclass's instance all that it holds.
    """
    for value in values:
        if isfunction(value) or isclass(value):
            yield value
        elif ismodule(value):
            yield from _things([vars(value).get(name) for name in names], set())
        elif is_dataclass(value):
            yield from _things([getattr(value, field.name) for field in fields(value)], set())


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
