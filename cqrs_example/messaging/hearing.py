"""The events that a handler hears and records, read from the annotations of its signature.

    def project(events: Sequence[RecordedEvent[Opened | Closed]]) -> None: ...
    def notify(tx: Transaction, event: RecordedEvent[Closed]) -> None: ...
    def close(tx: Transaction, command: Close) -> list[RecordedEvent[Closed]]: ...

There is no second list: the type checker, `manage.py check`, delivery and replays read the same
annotations.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import import_module
from inspect import Parameter, isfunction, signature, unwrap
from types import SimpleNamespace, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from django.conf import settings
from django.utils.module_loading import import_string

from ..eventstore import Event, RecordedEvent, StreamName
from ..eventstore.contracts import contracts, stored_as

Function = Callable[..., Any]
Classes = tuple[type[Any], ...]
POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@cache
def heard_by(handler: Function) -> Classes:
    """The classes of the events that a projection or a policy hears, from its last parameter.

    A base class stands for all events that derive from it. `object`, which the signature writes as
    `Event`, stands for all events. Raises `TypeError` where the annotation does not name events.
    """
    return _classes(handler, _last_parameter(handler))


@cache
def recorded_by(handler: Function) -> Classes:
    """The classes of the events that a handler records, from the annotation of what it returns.

    Empty if the annotation does not name events: then the handler may record any. `manage.py check`
    demands the names of the handlers in `settings.COMMANDS`.
    """
    try:
        return require_recorded(handler)
    except TypeError:
        return ()


def require_recorded(handler: Function) -> Classes:
    """As `recorded_by`, but raises `TypeError` where the annotation does not name events."""
    return _classes(handler, "return")


def require_declared(name: str, records: Classes, events: Iterable[object]) -> None:
    """Raise `TypeError` if a command is about to record an event that its handler does not name.

    `name` is that of the command, for the message; `records` is `recorded_by(handler)`.
    """
    wrong = {type(event).__name__ for event in events if not isinstance(event, records)}
    if records and wrong:
        raise TypeError(
            f"{name} records {', '.join(sorted(wrong))}, but its handler does not say so: add it to"
            " the handler's return annotation, list[RecordedEvent[…]]."
        )


def hears(handler: Function, event: RecordedEvent[Any]) -> bool:
    """Whether a projection or a policy hears of this event."""
    return isinstance(event.data, heard_by(handler))


def unheard_by(handler: Function) -> set[tuple[str, int]]:
    """The types and schema versions that the code knows and that this handler does not hear.

    Workers leave such events undecoded. They decode all others, so that an event that the code does
    not know raises an error and is not skipped.
    """
    return contracts().keys() - stored_as(heard_by(handler))


def handler_named(name: str) -> Function:
    """The function of the projection or policy with this name in the settings; raises `KeyError` if
    there is none."""
    if name in settings.PROJECTIONS:
        project: Function = import_module(settings.PROJECTIONS[name]).project
        return project
    policy: Function = import_string(settings.POLICIES[name])
    return policy


def hears_many(handler: Function) -> bool:
    """Whether a handler takes a sequence of events, as a projection does, and not a single one."""
    return _is_list(_hint(handler, _last_parameter(handler)))


def command_of(handler: Function) -> type[Any]:
    """The class of the command that a handler carries out, from its last parameter.

    Raises `TypeError` where the annotation is no class.
    """
    hint = _hint(handler, _last_parameter(handler))
    if not isinstance(hint, type):
        raise TypeError("its last parameter does not say the class of the command")
    return hint


def streams_of(modules: Iterable[str]) -> dict[Function, Classes]:
    """The functions in these modules that return a `StreamName`, each with the classes of the
    events that its streams hold."""
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
    """The value of one annotation, that of the parameter `name` or of "return".

    The others are not evaluated: they may name classes that only the type checker imports.
    """
    while isinstance(handler, partial):
        handler = handler.func
    function: Any = unwrap(handler)
    annotations = getattr(function, "__annotations__", {})
    alone = SimpleNamespace(__annotations__={n: h for n, h in annotations.items() if n == name})
    try:
        return get_type_hints(alone, getattr(function, "__globals__", {})).get(name)
    except NameError as error:
        raise TypeError(f"{error}: import it outside of TYPE_CHECKING") from error


def _is_list(hint: Any) -> bool:
    origin = get_origin(hint)
    return isinstance(origin, type) and issubclass(list, origin)


def _events(hint: Any) -> Iterator[type[Any]]:
    """The classes in `RecordedEvent[A | B]` or `RecordedEvent[A] | RecordedEvent[B]`."""
    hint = getattr(hint, "__value__", hint)  # of an alias: type Heard = RecordedEvent[A | B]
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
