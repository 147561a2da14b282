"""The event model as data, read from settings, signatures and the URLconf."""

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from ..eventstore.contracts import event_classes
from ..messaging import heard_by, recorded_by
from ..messaging.hearing import command_of, streams_of
from .addresses import about, addresses
from .reach import named_by, plain


@dataclass(frozen=True)
class Event:
    """An event: its type in the log, its fields, and the functions of streams that hold it."""

    name: str
    type: str
    schema_version: int
    fields: Sequence[str]
    streams: Sequence[str]
    code: str


@dataclass(frozen=True)
class Command:
    """A command: its fields, the events that it records, the addresses that take it, and the
    policies that issue it."""

    name: str
    fields: Sequence[str]
    records: Sequence[str]
    addresses: Sequence[str]
    issued_by: Sequence[str]
    code: str


@dataclass(frozen=True)
class ReadModel:
    """A read model: its columns, the events it is made from, and the addresses that show it."""

    name: str
    fields: Sequence[str]
    hears: Sequence[str]
    addresses: Sequence[str]
    code: str


@dataclass(frozen=True)
class Policy:
    """A policy: whenever one of the events that it hears happens, it may issue these commands."""

    name: str
    hears: Sequence[str]
    issues: Sequence[str]
    code: str


@dataclass(frozen=True)
class Model:
    """The whole model; each list is in the order of the settings."""

    commands: Sequence[Command]
    events: Sequence[Event]
    read_models: Sequence[ReadModel]
    policies: Sequence[Policy]


def event_model() -> Model:
    """The model of this project. It lacks connections that no signature states."""
    policies = [_policy(name, path) for name, path in settings.POLICIES.items()]
    return Model(
        [_command(path, policies) for path in settings.COMMANDS],
        [_event(event) for event in event_classes()],
        [*(_read_model(name, path) for name, path in settings.PROJECTIONS.items()), *_live()],
        policies,
    )


def _live() -> Iterator[ReadModel]:
    """The pages that read streams directly, as read models that are made for each request."""
    functions = streams_of(settings.EVENTS)
    others = [*map(import_string, settings.COMMANDS)]
    others += [
        model for path in settings.PROJECTIONS.values() for model in import_module(path).MODELS
    ]
    for address in addresses():
        named = functions.keys() & named_by(address.view)
        heard = [event for function in named for event in functions[function]]
        if heard and not about(address, others):
            name, code = words(address.view.__name__), code_of(address.view)
            yield ReadModel(name, ["read from the stream"], _names(heard), [str(address)], code)


def _event(event: type[Any]) -> Event:
    functions = streams_of(settings.EVENTS).items()
    streams = [f.__name__ for f, classes in functions if issubclass(event, classes)]
    fields = [field.name for field in dataclasses.fields(event)]
    name = words(event.__name__)
    return Event(name, event.type, event.schema_version, fields, streams, code_of(event))


def _command(path: str, policies: Sequence[Policy]) -> Command:
    handler = import_string(path)
    command = command_of(handler)
    name = words(command.__name__)
    return Command(
        name,
        [field.name for field in dataclasses.fields(command)],
        _names(recorded_by(handler)),
        [str(address) for address in addresses() if about(address, [handler])],
        [policy.name for policy in policies if name in policy.issues],
        code_of(handler),
    )


def _read_model(name: str, path: str) -> ReadModel:
    module = import_module(path)
    fields = [field.name for model in module.MODELS for field in model._meta.concrete_fields]
    shown = [str(address) for address in addresses() if about(address, module.MODELS)]
    return ReadModel(
        words(name), fields, _names(heard_by(module.project)), shown, code_of(module.project)
    )


def _policy(name: str, path: str) -> Policy:
    policy = import_string(path)
    named = named_by(policy)
    handlers = [import_string(path) for path in settings.COMMANDS]
    issues = [
        words(command_of(handler).__name__) for handler in handlers if plain(handler) in named
    ]
    return Policy(words(name), _names(heard_by(policy)), issues, code_of(policy))


def _names(classes: Sequence[type[Any]]) -> list[str]:
    return [words(event.__name__) for event in event_classes() if issubclass(event, tuple(classes))]


def words(name: str) -> str:
    """The name of a class or an entry as words: "ShipOrder" and "ship_order" are "Ship Order"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.replace("_", " "))
    return " ".join(word[:1].upper() + word[1:] for word in spaced.split())


def code_of(thing: Callable[..., Any] | type[Any]) -> str:
    """The path of the file that defines a function or a class, from the project's folder on.

    It names no line: each change above the function would change the picture.
    """
    file = Path(inspect.getsourcefile(plain(thing)) or "")
    folder = Path(import_module(settings.ROOT_URLCONF.partition(".")[0]).__path__[0]).parent
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name
