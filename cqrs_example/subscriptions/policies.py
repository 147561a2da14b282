"""Letting a policy hear of events, each once; parking what it cannot deal with, and trying that
again."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from functools import cache, partial, wraps
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from ..eventstore import DuplicateEvent, RecordedEvent, caused_by
from ..eventstore.recorded import recorded
from ..eventstore.statements import counted
from ..messaging.hearing import handler_named, hears
from ..messaging.transaction import EventLog, UnitOfWork, deliver, react
from .checkpoints import move
from .following import rows_between
from .models import Checkpoint, Parked

log = logging.getLogger(__name__)

# The database's doing, not the handler's: it passes, and nothing is parked or skipped for it.
PASSING = (OperationalError, InterfaceError)
PAUSES = (0.1, 0.5, 2.0)  # seconds between two tries
LONG = 1.0  # seconds after which a transaction takes no more events

Events = Sequence[RecordedEvent[Any]]
# Begins a transaction by noting that its events were heard. Returns the streams whose events wait
# behind a parked one; None: that was noted before, and nothing is left to do.
Begin = Callable[[], Set[str] | None]


def let_react(name: str, after: int, events: Events) -> int:
    """Let a policy hear of the events that come next after a position, in one transaction with its
    checkpoint, up to the first for which it does something; returns how far it has heard."""
    begin = partial(_moved, name, after, events)
    if len(events) > 1:
        return _react(name, events, begin, Counter())
    if sentence := _try(name, events[0], begin, PAUSES):
        with transaction.atomic():
            if move(name, after, events[0].position):
                _park(name, events[0], sentence)
        log.error("%s: parked %s", name, sentence)
    return events[0].position


def retry(name: str) -> Iterator[tuple[RecordedEvent[Any], str]]:
    """Let a policy hear of its parked events, each stream in its order, up to the first event that
    fails again; yields each event, and what it failed for ("": heard)."""
    failed: list[str] = []
    parked = Parked.objects.filter(subscription=name).order_by("position")
    while one := parked.exclude(stream__in=failed).first():
        event = recorded(rows_between(one.position - 1, one.position)[0])
        if sentence := _try(name, event, partial(_taken, one), ()):
            failed.append(one.stream)
            parked.filter(pk=one.pk).update(trouble=sentence)
        yield event, sentence


def failure(event: RecordedEvent[Any], error: Exception) -> str:
    """What a handler could not deal with, in a sentence."""
    text = " ".join(str(error).split())
    return f"event {event.id} at position {event.position}: {type(error).__name__}: {text}"


def _try(name: str, event: RecordedEvent[Any], begin: Begin, pauses: Sequence[float]) -> str:
    """What the policy could not deal with, in the end; "" if it could."""
    sentence = ""
    for seconds in (*pauses, 0.0):
        try:
            _react(name, [event], begin, Counter())
            return ""
        except PASSING:
            raise
        except Exception as error:
            sentence = failure(event, error)
        log.warning("%s: %s", name, sentence)
        time.sleep(seconds)  # outside any transaction: followers wait for who holds the append lock
    return sentence


def _react(name: str, events: Events, begin: Begin, issued: Counter[Any]) -> int:
    """Up to the first event for which the policy does something: so what it locks, writes or sends
    is neither held up nor done again for the sake of another event, and no row is locked for one
    event before the stream of another, as no command does.

    The ids of what it issues come from the event, so an effect that was recorded before collides.
    Then all of it was recorded before, and only `begin()` is done, in a new transaction.
    """
    before, end = issued.copy(), time.monotonic() + LONG
    try:
        with EventLog().transaction():
            if (behind := begin()) is None:
                return events[-1].position
            for event in events:
                if _acts(name, event, behind, issued) or time.monotonic() > end:
                    if event is not events[-1]:
                        move(name, events[-1].position, event.position)
                    return event.position
    except DuplicateEvent:
        if len(events) == 1 and _has_reacted(name, events[0]):
            with transaction.atomic():
                begin()
        # Another policy has issued a command of the same name for this event: as within one
        # transaction, the second of a name has the number 2.
        elif len(events) == 1 and issued != before:
            return _react(name, events, begin, issued)
        else:
            raise
    return events[-1].position


def _acts(name: str, event: RecordedEvent[Any], behind: Set[str], issued: Counter[Any]) -> bool:
    """Whether the policy does something for an event, or may have done: see `_acting`."""
    policy = handler_named(name)
    if not hears(policy, event):
        return False
    if event.stream in behind:
        _park(name, event)
        return False
    # Unlike in the transaction of a command, the origin says which policy was at work.
    origin = {key: event.metadata.get(key) for key in ("actor", "request")} | {"policy": name}
    unit = UnitOfWork(event.correlation_id, origin, issued=issued)
    if acts := bool(react(unit, name, _acting(policy), event)):
        deliver(unit)
    return acts


@cache
def _acting(policy: Callable[..., object]) -> Callable[..., bool]:
    """The policy, which returns whether it does something, or may have done. It has not if it
    returns an empty list, has run no statement, and leaves nothing to do after the commit."""

    @wraps(policy)
    def acts(*heard: Any) -> bool:
        before = len(connection.run_on_commit)
        with counted() as ran:
            return policy(*heard) != [] or ran() > 0 or len(connection.run_on_commit) > before

    return acts


def _has_reacted(name: str, event: RecordedEvent[Any]) -> bool:
    """Whether this policy caused events. Those that name no policy come from the transaction of a
    command: from this one, before a worker took it over, unless another policy hears there."""
    caused = {each.metadata.get("policy") for each in caused_by(event.id)}
    inline = [handler_named(each) for each, _ in EventLog().here(settings.POLICIES)]
    return name in caused or (None in caused and not any(hears(one, event) for one in inline))


def _moved(name: str, after: int, events: Events) -> Set[str] | None:
    """For events of the log. What is parked is asked after the move, for which a retry that takes
    the last one of a stream away waits."""
    if not move(name, after, events[-1].position):
        return None
    parked = Parked.objects.filter(subscription=name, stream__in={one.stream for one in events})
    return set(parked.values_list("stream", flat=True))


def _taken(one: Parked) -> Set[str] | None:
    """For an event that was parked. The worker waits meanwhile: it would park the next event of the
    stream behind one that is gone."""
    Checkpoint.objects.select_for_update().get(name=one.subscription)
    return set() if Parked.objects.filter(pk=one.pk).delete()[0] else None


def _park(name: str, event: RecordedEvent[Any], trouble: str = "") -> None:
    place = {"stream": event.stream, "position": event.position, "event_id": event.id}
    Parked.objects.create(subscription=name, trouble=trouble, **place)
