"""Letting a policy hear of one event after the other, each once; parking what it cannot deal with,
and trying that again."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NoReturn
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils.module_loading import import_string

from ..eventstore import DuplicateEvent, RecordedEvent, caused_by
from ..eventstore.recorded import recorded
from ..messaging import hears
from ..messaging.hearing import Function
from ..messaging.transaction import EventLog, UnitOfWork, deliver, react
from .checkpoints import move
from .following import rows_between
from .models import Checkpoint, Parked

log = logging.getLogger(__name__)

# The database's doing, not the handler's: it passes, and nothing is parked or skipped for it.
PASSING = (OperationalError, InterfaceError)
PAUSES = (0.1, 0.5, 2.0)  # seconds between two tries


def let_react(name: str, after: int, events: Sequence[RecordedEvent[Any]]) -> int:
    """Let a policy hear, moving its checkpoint to each event of which something follows; returns
    where that stands."""
    policy = import_string(settings.POLICIES[name])
    waiting = Parked.objects.filter(subscription=name).exists()
    for event in (event for event in events if hears(policy, event)):
        if not waiting and _is_indifferent(name, policy, event):
            continue
        begin = partial(_moved, name, after, event, waiting)
        if sentence := _try(name, event, begin, PAUSES):
            with transaction.atomic():
                if move(name, after, event.position):
                    _park(name, event, sentence)
            log.error("%s: parked event %s of %s", name, event.id, event.stream)
            waiting = True
        after = event.position
    return after


def retry(name: str) -> Iterator[tuple[RecordedEvent[Any], str]]:
    """Let a policy hear of its parked events, each stream in its order, up to the first event that
    fails again; yields each event, and what it failed for ("": heard)."""
    failed: list[str] = []
    parked = Parked.objects.filter(subscription=name).order_by("position")
    while one := parked.exclude(stream__in=failed).first():
        event = recorded(rows_between(one.position - 1, one.position)[0])
        if sentence := _try(name, event, partial(_taken, one)):
            failed.append(one.stream)
            parked.filter(pk=one.pk).update(trouble=sentence)
        yield event, sentence


def failure(event: RecordedEvent[Any], error: Exception) -> str:
    """What a handler could not deal with, in a sentence."""
    text = " ".join(str(error).split())
    return f"event {event.id} at position {event.position}: {type(error).__name__}: {text}"


def _try(
    name: str, event: RecordedEvent[Any], begin: Callable[[], bool], pauses: Sequence[float] = ()
) -> str:
    """What the policy could not deal with, in the end; "" if it could."""
    sentence = ""
    for seconds in (*pauses, None):
        try:
            _react_once(name, event, begin)
            return ""
        except PASSING:
            raise
        except Exception as error:
            sentence = failure(event, error)
        log.warning("%s: %s", name, sentence)
        if seconds:  # outside any transaction: followers wait for those who hold the append lock
            time.sleep(seconds)
    return sentence


class _Reaction(Exception):
    """A policy does something, or may do so, about an event."""


class _Unconcerned(EventLog):
    """A log for a policy that does nothing."""

    def lock(self, *names: Any) -> NoReturn:
        raise _Reaction


def _is_indifferent(name: str, policy: Function, event: RecordedEvent[Any]) -> bool:
    """Whether a policy does nothing at all about an event, as with most events: so there is nothing
    that the checkpoint would have to move with, and no disk to wait for.

    It hears of the event in a transaction of which the server does not know. Once it locks a
    stream, asks the database anything or wants to act after the commit, that ends, and it hears of
    the event again in a real one. So it does when it fails.
    """
    try:
        with UNCONCERNED.transaction():
            react(UnitOfWork(event.correlation_id, {}, log=UNCONCERNED), name, policy, event)
            if connection.run_on_commit or connection.connection.info.transaction_status:
                raise _Reaction
    except Exception:
        return False
    return True


UNCONCERNED = _Unconcerned()


def _react_once(name: str, event: RecordedEvent[Any], begin: Callable[[], bool]) -> None:
    """In a transaction of its own, which begins with `begin()`: what says that the policy has
    heard. When that returns false there is nothing more to do.

    The ids of what the policy issues come from the event, so an effect that was recorded before
    collides. Then it was all recorded before, and only `begin()` is done, in a new transaction.
    """
    issued: Counter[tuple[UUID, str]] = Counter()
    # Unlike in the transaction of a command, it says which policy was at work.
    origin = {key: event.metadata.get(key) for key in ("actor", "request")} | {"policy": name}
    while True:
        unit = UnitOfWork(event.correlation_id, origin, issued=issued.copy())
        try:
            with unit.log.transaction():
                if begin():
                    react(unit, name, import_string(settings.POLICIES[name]), event)
                    deliver(unit)
            return
        except DuplicateEvent:
            if _has_reacted(name, event):
                with transaction.atomic():
                    begin()
                return
            # Another policy has issued a command of the same name for this event: as within one
            # transaction, the second of a name has the number 2.
            if unit.issued == issued:
                raise
            issued = unit.issued


def _has_reacted(name: str, event: RecordedEvent[Any]) -> bool:
    """Whether this policy caused events. Those that name no policy come from the transaction of a
    command: from this one, before a worker took it over, unless another policy hears there."""
    inline = [
        path for each, path in settings.POLICIES.items() if each not in settings.SUBSCRIPTIONS
    ]
    others = any(hears(import_string(path), event) for path in inline)
    caused = [each.metadata.get("policy") for each in caused_by(event.id)]
    return name in caused or (None in caused and not others)


def _moved(name: str, after: int, event: RecordedEvent[Any], waiting: bool) -> bool:
    """Whether the checkpoint moved, and the policy may hear: not before the earlier ones of the
    event's stream. Asked after the move, for which a retry that takes the last one away waits."""
    if not move(name, after, event.position):
        return False
    parked = Parked.objects.filter(subscription=name, stream=event.stream)
    if behind := waiting and parked.exists():
        _park(name, event)
    return not behind


def _taken(one: Parked) -> bool:
    """Whether it was parked still, and is not any more. The worker waits meanwhile: it would park
    the next event of the stream behind one that is gone."""
    Checkpoint.objects.select_for_update().get(name=one.subscription)
    return bool(Parked.objects.filter(pk=one.pk).delete()[0])


def _park(name: str, event: RecordedEvent[Any], trouble: str = "") -> None:
    place = {"stream": event.stream, "position": event.position, "event_id": event.id}
    Parked.objects.create(subscription=name, trouble=trouble, **place)
