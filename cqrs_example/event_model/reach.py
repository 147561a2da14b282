"""What a function names: so nobody has to declare which view takes which command."""

from collections.abc import Callable, Iterator
from functools import partial
from inspect import isclass, isfunction, unwrap
from types import CodeType, FunctionType
from typing import Any

Thing = FunctionType | type[Any]


def plain(function: Callable[..., Any]) -> Any:
    """The function itself, without `partial` and decorators that keep it in `__wrapped__`."""
    while isinstance(function, partial):
        function = function.func
    return unwrap(function)


def named_by(function: Callable[..., Any]) -> set[Thing]:
    """The functions and classes that a function names, itself or through functions of its package.

    It reads the names in the compiled code. A name that is put together at run time is not found.
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
    values = plain(function).__globals__
    for name in _names(plain(function).__code__):
        value = values.get(name)
        if isfunction(value) or isclass(value):
            yield value


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
