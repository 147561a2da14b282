"""Who hears what: a handler says it in its signature, and there is no second list.

    def project(events: Sequence[RecordedEvent[Opened | Closed]]) -> None: ...
    def notify(tx: Transaction, event: RecordedEvent[Closed]) -> None: ...
    def close(tx: Transaction, command: Close) -> list[RecordedEvent[Closed]]: ...

The type checker, `manage.py check`, delivery and every replay read this one declaration.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import import_module
from inspect import Parameter, isfunction, signature, unwrap
from types import SimpleNamespace, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..eventstore import Event, RecordedEvent, StreamName

Function = Callable[..., Any]
Classes = tuple[type[Any], ...]
POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@cache
def heard_by(handler: Function) -> Classes:
    """The classes of the events that a projection or a policy hears, by its last parameter.

    A base class stands for the events that derive from it, and `object` (in the signature: `Event`)
    for all. Raises `TypeError` with a sentence where the signature does not say which events.
    """
    return _classes(handler, _last_parameter(handler))


@cache
def recorded_by(handler: Function) -> Classes:
    """The classes of the events that a handler records, by what it returns; `()`: any, for it does
    not say which. `manage.py check` does not accept that of the handlers in `settings.COMMANDS`."""
    try:
        return require_recorded(handler)
    except TypeError:
        return ()


def require_recorded(handler: Function) -> Classes:
    """The same; raises `TypeError` with a sentence where the handler does not say."""
    return _classes(handler, "return")


def require_declared(name: str, records: Classes, events: Iterable[object]) -> None:
    """Raise `TypeError` when a command of this name is about to record what its handler does not
    say; `records` is `recorded_by(handler)`."""
    wrong = {type(event).__name__ for event in events if not isinstance(event, records)}
    if records and wrong:
        raise TypeError(
            f"{name} records {', '.join(sorted(wrong))}, but its handler does not say so: add it to"
            " what the handler returns, list[RecordedEvent[…]]."
        )


def hears(handler: Function, event: RecordedEvent[Any]) -> bool:
    """Whether a projection or a policy hears of this event."""
    return isinstance(event.data, heard_by(handler))


def hears_many(handler: Function) -> bool:
    """Whether a handler takes a sequence of events, as a projection does, or one event."""
    return _is_list(_hint(handler, _last_parameter(handler)))


def command_of(handler: Function) -> type[Any]:
    """The class of the command that a handler carries out: its last parameter's."""
    hint = _hint(handler, _last_parameter(handler))
    if not isinstance(hint, type):
        raise TypeError("its last parameter does not say the class of the command")
    return hint


def streams_of(modules: Iterable[str]) -> dict[Function, Classes]:
    """The functions in these modules that return a `StreamName`, with what such a stream holds."""
    values = [value for module in modules for value in vars(import_module(module)).values()]
    hints = {value: _hint(value, "return") for value in values if isfunction(value)}
    streams = {name: hint for name, hint in hints.items() if get_origin(hint) is StreamName}
    return {name: tuple(_union(get_args(hint)[0])) for name, hint in streams.items()}


def _last_parameter(handler: Function) -> str:
    parameters = signature(handler).parameters.values()
    names = [p.name for p in parameters if p.kind in POSITIONAL and p.default is p.empty]
    if not names:
        raise TypeError("it takes no events")
    return names[-1]


def _classes(handler: Function, name: str) -> Classes:
    hint = _hint(handler, name)
    try:
        classes = _events(get_args(hint)[0] if _is_list(hint) else hint)
        return tuple(dict.fromkeys(classes))
    except TypeError as error:
        place = "what it returns" if name == "return" else f"its parameter {name}"
        example = "RecordedEvent[Opened | Closed]"
        raise TypeError(f"{place} does not say which events, as {example} does: {error}") from None


def _hint(handler: Function, name: str) -> Any:
    """One annotation alone: another one may name what is imported for the type checker only."""
    while isinstance(handler, partial):
        handler = handler.func
    function: Any = unwrap(handler)
    annotations = getattr(function, "__annotations__", {})
    alone = SimpleNamespace(__annotations__={n: h for n, h in annotations.items() if n == name})
    try:
        return get_type_hints(alone, getattr(function, "__globals__", {})).get(name)
    except NameError as error:
        raise TypeError(f"{error}: import it, not for the type checker only") from error


def _is_list(hint: Any) -> bool:
    origin = get_origin(hint)
    return isinstance(origin, type) and issubclass(list, origin)


def _events(hint: Any) -> Iterator[type[Any]]:
    """The classes in `RecordedEvent[A | B]` or `RecordedEvent[A] | RecordedEvent[B]`."""
    hint = getattr(hint, "__value__", hint)  # type Heard = RecordedEvent[A | B]
    if get_origin(hint) in (Union, UnionType):
        for part in get_args(hint):
            yield from _events(part)
    elif get_origin(hint) is RecordedEvent:
        yield from _union(get_args(hint)[0])
    else:
        raise TypeError(f"there is {'nothing' if hint is None else hint}")


def _union(hint: Any) -> Iterator[type[Any]]:
    hint = getattr(hint, "__value__", hint)
    if get_origin(hint) in (Union, UnionType):
        for part in get_args(hint):
            yield from _union(part)
    elif isinstance(hint, type) and hint is not Any:
        yield object if hint is Event else hint
    else:
        raise TypeError(f"{hint} is no class")
