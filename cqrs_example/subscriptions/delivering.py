"""Letting a subscription hear: its effects and its checkpoint in one transaction."""

from collections.abc import Sequence
from functools import partial
from importlib import import_module

from django.conf import settings

from ..eventstore.recorded import recorded
from ..messaging import hears
from ..messaging.around import call_handler
from ..messaging.transaction import EventLog
from .checkpoints import move
from .following import Row
from .policies import PASSING, Events, failure, let_react


class CannotProject(Exception):
    """A projection could not deal with an event; the message names it."""


def hear(name: str, after: int, rows: Sequence[Row]) -> None:
    """Let a subscription hear of the events that come next in the log after a position: as many at
    once as go well.

    None is skipped. Raises `CannotProject`, or `UnreadableEvent` for one that only newer code can
    read; those before it are dealt with. A policy parks what it cannot deal with.
    """
    let_hear = _project if name in settings.PROJECTIONS else let_react
    most = len(rows)
    while some := rows[:most]:
        try:
            count = let_hear(name, after, [recorded(row) for row in some])
        except Exception as error:
            if len(some) == 1 or isinstance(error, PASSING):
                raise
            most = 1  # to find out which it is: those before it are dealt with
        else:
            after, rows, most = some[count - 1][0], rows[count:], 2 * count


def _project(name: str, after: int, events: Events) -> int:
    project = import_module(settings.PROJECTIONS[name]).project
    heard = [event for event in events if hears(project, event)]
    try:
        with EventLog().transaction():
            if move(name, after, events[-1].position) and heard:
                call_handler(EventLog(), name, heard, partial(project, heard))
    except PASSING:
        raise
    except Exception as error:
        raise CannotProject(failure(events[0], error)) from error
    return len(events)
