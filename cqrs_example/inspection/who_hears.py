"""Which handlers record and hear each event, read from the signatures that messaging uses."""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.utils.module_loading import import_string

from ..eventstore.contracts import event_classes
from ..messaging import heard_by, recorded_by
from ..messaging.hearing import command_of, streams_of


@dataclass(frozen=True)
class Audience:
    """The names of one event's streams, of the commands that record it, and of the handlers that
    hear it."""

    event: str
    streams: list[str]
    recorded_by: list[str]
    projections: list[str]
    policies: list[str]


def who_hears() -> list[Audience]:
    """All events of `settings.EVENTS`, in their order.

    The streams of an event are the functions in the modules of EVENTS that return a `StreamName`
    of it. A command whose handler does not name its events is not listed as recording them.
    """
    modules = {name: import_module(path) for name, path in settings.PROJECTIONS.items()}
    policies = {name: import_string(path) for name, path in settings.POLICIES.items()}
    handlers = map(import_string, getattr(settings, "COMMANDS", []))
    commands = {command_of(handler).__name__: handler for handler in handlers}
    projections = {name: module.project for name, module in modules.items()}
    streams = streams_of(settings.EVENTS)
    return [
        Audience(
            event.type,
            [f.__name__ for f, classes in streams.items() if issubclass(event, classes)],
            [name for name, handler in commands.items() if issubclass(event, recorded_by(handler))],
            [name for name, project in projections.items() if issubclass(event, heard_by(project))],
            [name for name, policy in policies.items() if issubclass(event, heard_by(policy))],
        )
        for event in event_classes()
    ]
