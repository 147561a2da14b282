"""Letting a subscription hear: its effects and its checkpoint in one transaction."""

import logging
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils.module_loading import import_string

from ..eventstore import RecordedEvent
from ..messaging.hearing import hears
from ..messaging.transaction import require_intact
from .checkpoints import move
from .models import Parked
from .reacting import react_once

log = logging.getLogger(__name__)

# The database's doing, not the handler's: it passes, and nothing is parked or skipped for it.
PASSING = (OperationalError, InterfaceError)
PAUSES = (0.1, 0.5, 2.0)  # seconds between a policy's tries

Pause = Callable[[float], bool]  # waits so many seconds, or returns True: stop now


class StandsStill(Exception):
    """A projection could not deal with an event; the message names both."""


def hear(name: str, after: int, events: Sequence[RecordedEvent[Any]], pause: Pause) -> None:
    """Let a subscription hear of events that follow each other in the log after a position."""
    if name in settings.PROJECTIONS:
        _project(name, import_module(settings.PROJECTIONS[name]).project, after, events)
    else:
        _react(name, import_string(settings.POLICIES[name]), after, events, pause)


def _project(
    name: str, project: Callable[..., Any], after: int, events: Sequence[RecordedEvent[Any]]
) -> None:
    try:
        with transaction.atomic(durable=True):
            moved = move(name, after, events[-1].position)
            if moved and (heard := [event for event in events if hears(project, event)]):
                project(heard)
                require_intact()
    except PASSING:
        raise
    except Exception as error:
        if len(events) == 1:
            raise StandsStill(failure(events[0], error)) from error
        for event in events:  # one by one, to find out which: those before it are dealt with
            _project(name, project, after, [event])
            after = event.position


def _react(
    name: str,
    policy: Callable[..., Any],
    after: int,
    events: Sequence[RecordedEvent[Any]],
    pause: Pause,
) -> None:
    parked = set(Parked.objects.filter(subscription=name).values_list("stream", flat=True))
    for event in (event for event in events if hears(policy, event)):
        # Not before the earlier ones of its stream: that would not be their order.
        if not (event.stream in parked and _park(name, after, event)):
            sentence = _try(name, policy, after, event, pause)
            if sentence is None:
                return  # stopped while it waited: the checkpoint stands before this event
            if sentence and _park(name, after, event, sentence):
                parked.add(event.stream)
        after = event.position
    with transaction.atomic():
        move(name, after, events[-1].position)


def _try(
    name: str, policy: Callable[..., Any], after: int, event: RecordedEvent[Any], pause: Pause
) -> str | None:
    """What the policy could not deal with, in a sentence: "" if it could; None if it was told to
    stop before it knew."""
    for seconds in (*PAUSES, 0.0):
        try:
            react_once(name, policy, event, lambda: move(name, after, event.position))
            return ""
        except PASSING:
            raise
        except Exception as error:
            sentence = failure(event, error)
        log.warning("%s: %s", name, sentence)
        # Outside any transaction: followers wait at gaps for those who hold the append lock.
        if seconds and pause(seconds):
            return None
    return sentence


def _park(name: str, after: int, event: RecordedEvent[Any], sentence: str = "") -> bool:
    """Park an event; without a sentence, only if one of its stream is parked still."""
    with transaction.atomic():
        # First: a retry, which holds this row, may be about to take the last parked one away.
        if moved := move(name, after, event.position):
            stream = Parked.objects.filter(subscription=name, stream=event.stream)
            if not sentence and not stream.exists():
                transaction.set_rollback(True)
                return False
            stream.create(
                subscription=name,
                stream=event.stream,
                position=event.position,
                event_id=event.id,
                trouble=sentence,
            )
    if moved and sentence:
        log.error("%s: parked event %s of %s", name, event.id, event.stream)
    return True


def failure(event: RecordedEvent[Any], error: Exception) -> str:
    told = " ".join(str(error).split())
    return f"event {event.id} at position {event.position}: {type(error).__name__}: {told}"
