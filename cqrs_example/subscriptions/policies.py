"""Deliver events to policies, each once; park events on which a policy fails, and retry them."""

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

# Errors of the database and not of a handler. They pass, so no event is parked or skipped for them.
PASSING = (OperationalError, InterfaceError)
PAUSES = (0.1, 0.5, 2.0)  # seconds between two attempts
LONG = 1.0  # seconds after which a transaction takes no more events

Events = Sequence[RecordedEvent[Any]]
# A function that begins a transaction: it records that its events were heard. It returns the
# streams in which an event is parked, or None if the events were recorded as heard before.
Begin = Callable[[], Set[str] | None]


def let_react(name: str, after: int, events: Events) -> int:
    """Deliver to a policy the events that come next after a position; returns the position that it
    has reached.

    One transaction has the checkpoint and the effects. It ends with the first event for which the
    policy does something. An event on which it fails alone is parked.
    """
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
    """Deliver to a policy its parked events, those of a stream in their order.

    Yields each event with the sentence of its failure, or "" if it was heard. After an event that
    fails again, the later ones of its stream stay parked.
    """
    failed: list[str] = []
    all_parked = Parked.objects.filter(subscription=name).order_by("position")
    while parked := all_parked.exclude(stream__in=failed).first():
        event = recorded(rows_between(parked.position - 1, parked.position)[0])
        if sentence := _try(name, event, partial(_taken, parked), ()):
            failed.append(parked.stream)
            all_parked.filter(pk=parked.pk).update(trouble=sentence)
        yield event, sentence


def failure(event: RecordedEvent[Any], error: Exception) -> str:
    """The event on which a handler failed, and its error, as text."""
    text = " ".join(str(error).split())
    return f"event {event.id} at position {event.position}: {type(error).__name__}: {text}"


def _try(name: str, event: RecordedEvent[Any], begin: Begin, pauses: Sequence[float]) -> str:
    """Deliver one event to a policy, with more attempts after pauses.

    Returns the sentence of the last failure, or "" if an attempt succeeded.
    """
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
        time.sleep(seconds)  # not in a transaction, whose append lock would delay all followers
    return sentence


def _react(name: str, events: Events, begin: Begin, issued: Counter[Any]) -> int:
    """Deliver events in one transaction, up to the first for which the policy does something;
    returns the position that it has reached.

    So another event neither delays nor repeats what the policy locks, writes or sends.

    The ids of the policy's events derive from the event that it hears. If they collide, it has
    reacted to this event before, and only `begin()` is done, in a new transaction.
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
        # Another policy has issued a command of the same name for this event. The second command of
        # a name gets the number 2, as it does within one transaction: see `PolicyTransaction`.
        elif len(events) == 1 and issued != before:
            return _react(name, events, begin, issued)
        else:
            raise
    return events[-1].position


def _acts(name: str, event: RecordedEvent[Any], behind: Set[str], issued: Counter[Any]) -> bool:
    """Call the policy with an event; returns whether it may have done something: see `_acting`."""
    policy = handler_named(name)
    if not hears(policy, event):
        return False
    if event.stream in behind:
        _park(name, event)
        return False
    # Unlike in the transaction of a command, the metadata names the policy: see `_has_reacted`.
    origin = {key: event.metadata.get(key) for key in ("actor", "request")} | {"policy": name}
    unit = UnitOfWork(event.correlation_id, origin, issued=issued)
    if acts := bool(react(unit, name, _acting(policy), event)):
        deliver(unit)
    return acts


@cache
def _acting(policy: Callable[..., object]) -> Callable[..., bool]:
    """The policy as a function that returns whether it may have done something.

    It has done nothing if it returns an empty list, has run no statement, and has given `on_commit`
    no function.
    """

    @wraps(policy)
    def acts(*heard: Any) -> bool:
        before = len(connection.run_on_commit)
        with counted() as ran:
            return policy(*heard) != [] or ran() > 0 or len(connection.run_on_commit) > before

    return acts


def _has_reacted(name: str, event: RecordedEvent[Any]) -> bool:
    """Whether this policy has recorded events that this event caused.

    The metadata of events from the transaction of a command names no policy. These are from this
    policy, before a worker took it over, if no other policy hears of the event in the transaction.
    """
    names = {caused.metadata.get("policy") for caused in caused_by(event.id)}
    inline = [handler_named(each) for each, _ in EventLog().here(settings.POLICIES)]
    return name in names or (None in names and not any(hears(other, event) for other in inline))


def _moved(name: str, after: int, events: Events) -> Set[str] | None:
    """A `Begin` for events of the log, which moves the checkpoint.

    It reads the parked streams after that, because `_taken` waits for the checkpoint's row before
    it deletes the last parked event of a stream.
    """
    if not move(name, after, events[-1].position):
        return None
    parked = Parked.objects.filter(subscription=name, stream__in={event.stream for event in events})
    return set(parked.values_list("stream", flat=True))


def _taken(parked: Parked) -> Set[str] | None:
    """A `Begin` for a parked event, which deletes its row.

    It locks the checkpoint, so that the worker waits. Otherwise the worker could park the next
    event of the stream behind this one, which is gone.
    """
    Checkpoint.objects.select_for_update().get(name=parked.subscription)
    return set() if Parked.objects.filter(pk=parked.pk).delete()[0] else None


def _park(name: str, event: RecordedEvent[Any], trouble: str = "") -> None:
    place = {"stream": event.stream, "position": event.position, "event_id": event.id}
    Parked.objects.create(subscription=name, trouble=trouble, **place)
