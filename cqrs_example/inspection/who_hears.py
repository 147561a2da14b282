"""Who hears what, as a table: read from the signatures that messaging itself goes by."""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.utils.module_loading import import_string

from ..eventstore.contracts import event_classes
from ..messaging import heard_by, recorded_by
from ..messaging.hearing import command_of, streams_of


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
