"""Letting a subscription hear: its effects and its checkpoint in one transaction."""

from collections.abc import Sequence
from functools import partial

from django.conf import settings

from ..eventstore.recorded import recorded
from ..messaging.around import call_handler
from ..messaging.hearing import handler_named, unheard_by
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
    unheard = unheard_by(handler_named(name))
    most = len(rows)
    while some := rows[:most]:
        try:
            # What the code knows and the handler does not hear is passed over, without decoding.
            if events := [recorded(row) for row in some if (row[4], row[5]) not in unheard]:
                reached = let_hear(name, after, events)
            else:
                move(name, after, reached := some[-1][0])
        except Exception as error:
            if len(some) == 1 or isinstance(error, PASSING):
                raise
            most = 1  # to find out which it is: those before it are dealt with
        else:
            most = 2 * sum(row[0] <= reached for row in some)
            after, rows = reached, [row for row in rows if row[0] > reached]


def _project(name: str, after: int, events: Events) -> int:
    """Let a projection hear of the events, all at once; returns the position of the last one."""
    try:
        with EventLog().transaction():
            if move(name, after, events[-1].position):
                call_handler(EventLog(), name, events, partial(handler_named(name), events))
    except PASSING:
        raise
    except Exception as error:
        raise CannotProject(failure(events[0], error)) from error
    return events[-1].position
