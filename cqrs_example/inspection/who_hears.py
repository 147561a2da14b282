"""Who hears what, as a table: read from the signatures that messaging itself goes by."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, get_args, get_origin, get_type_hints

from django.conf import settings
from django.utils.module_loading import import_string

from ..eventstore import StreamName
from ..eventstore.contracts import event_classes
from ..messaging import heard_by, recorded_by


@dataclass(frozen=True)
class Audience:
    """One event: the streams that hold it, what records it, and what hears it."""

    event: str
    streams: list[str]
    recorded_by: list[str]
    projections: list[str]
    policies: list[str]


def who_hears() -> list[Audience]:
    """All events of `settings.EVENTS`, in their order.

    Streams are known by the functions beside the events that return a `StreamName`. A policy that
    does not say what it records is not among those that record.
    """
    modules = {name: import_module(path) for name, path in settings.PROJECTIONS.items()}
    policies = {name: import_string(path) for name, path in settings.POLICIES.items()}
    commands = {_command(path): import_string(path) for path in getattr(settings, "COMMANDS", [])}
    projections = {name: module.project for name, module in modules.items()}
    streams = dict(_streams())
    return [
        Audience(
            event.type,
            [name for name, classes in streams.items() if issubclass(event, classes)],
            [name for name, handler in commands.items() if issubclass(event, recorded_by(handler))],
            [name for name, project in projections.items() if issubclass(event, heard_by(project))],
            [name for name, policy in policies.items() if issubclass(event, heard_by(policy))],
        )
        for event in event_classes()
    ]


def _command(path: str) -> str:
    """The name of the command's class, if the handler says it."""
    handler: Callable[..., Any] = import_string(path)
    hints = [hint for name, hint in get_type_hints(handler).items() if name != "return"]
    return getattr(hints[-1], "__name__", path) if hints else path


def _streams() -> Iterator[tuple[str, tuple[type[Any], ...]]]:
    for module in map(import_module, settings.EVENTS):
        for name, function in vars(module).items():
            if getattr(function, "__module__", "") == module.__name__ and callable(function):
                hint = get_type_hints(function).get("return")
                if get_origin(hint) is StreamName:
                    [events] = get_args(hint)
                    yield name, get_args(events) or (events,)
