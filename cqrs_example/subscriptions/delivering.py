"""Deliver events to a subscription: one transaction has their effects and the checkpoint."""

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
    """A projection failed on an event; the message names the event."""


def hear(name: str, after: int, rows: Sequence[Row]) -> None:
    """Deliver rows of the log, which come next after a position, to a subscription.

    It delivers all of them at once. If that fails, it delivers one, and then twice as many each
    time, so that all events before the one that fails are heard. No event is skipped. Raises
    `CannotProject`, and `UnreadableEvent` for an event that only newer code can read. A policy
    parks an event on which it fails.
    """
    let_hear = _project if name in settings.PROJECTIONS else let_react
    unheard = unheard_by(handler_named(name))
    most = len(rows)
    while batch := rows[:most]:
        try:
            # An event that the code knows and the handler does not hear is not decoded.
            if events := [recorded(row) for row in batch if (row[4], row[5]) not in unheard]:
                reached = let_hear(name, after, events)
            else:
                move(name, after, reached := batch[-1][0])
        except Exception as error:
            if len(batch) == 1 or isinstance(error, PASSING):
                raise
            most = 1
        else:
            most = 2 * sum(row[0] <= reached for row in batch)
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
