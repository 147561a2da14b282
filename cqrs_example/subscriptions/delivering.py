"""Letting a subscription hear: its effects and its checkpoint in one transaction."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from django.conf import settings

from ..eventstore import RecordedEvent
from ..messaging import hears
from ..messaging.transaction import EventLog
from .checkpoints import move
from .following import Row, readable
from .policies import PASSING, failure, let_react


class CannotProject(Exception):
    """A projection could not deal with an event; the message names it."""


def hear(name: str, after: int, rows: Sequence[Row]) -> None:
    """Let a subscription hear of the events that come next in the log after a position.

    A projection takes all at once, and never skips one: it raises `CannotProject`. A policy takes
    each in a transaction of its own, and parks what it cannot deal with.
    """
    events = readable(rows)
    if path := settings.PROJECTIONS.get(name):
        _project(name, import_module(path).project, after, events)
    else:
        after = let_react(name, after, events)
        move(name, after, events[-1].position)


def _project(
    name: str, project: Callable[..., Any], after: int, events: Sequence[RecordedEvent[Any]]
) -> None:
    try:
        with EventLog().transaction():
            moved = move(name, after, events[-1].position)
            if moved and (heard := [event for event in events if hears(project, event)]):
                project(heard)
    except PASSING:
        raise
    except Exception as error:
        if len(events) == 1:
            raise CannotProject(failure(events[0], error)) from error
        for event in events:  # one by one, to find out which: those before it are dealt with
            _project(name, project, after, [event])
            after = event.position
