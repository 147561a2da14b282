"""Parked events, heard again; and a subscription put elsewhere in the log."""

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from ..eventstore import RecordedEvent, settled_position
from ..eventstore.recorded import SELECT, query
from .delivering import PASSING, failure
from .models import Checkpoint, Parked
from .reacting import react_once


def retry(name: str) -> Iterator[tuple[RecordedEvent[Any], str]]:
    """Let a policy hear of its parked events, each stream in its order, up to the first event that
    fails again; yields each event, and what it failed for ("": heard)."""
    failed: set[str] = set()
    policy = import_string(settings.POLICIES[name])
    while one := _next(name, failed):
        [event] = query(SELECT + "WHERE position = %s", [one.position])
        sentence = _try(one, policy, event)
        if sentence:
            failed.add(one.stream)
        yield event, sentence


def reset(name: str, position: int) -> None:
    """Put a subscription to a position: what comes after it is heard, and nothing before, parked
    events included. Raises `ValueError` for a position that is not in the log yet."""
    last = settled_position()
    if not 0 <= position <= last:
        raise ValueError(f"The log has positions from 0 to {last}, but not {position}.")
    with transaction.atomic():
        Checkpoint.objects.select_for_update().get(name=name)
        Checkpoint.objects.filter(name=name).update(position=position, trouble="")
        Parked.objects.filter(subscription=name).delete()


def _next(name: str, failed: set[str]) -> Parked | None:
    parked = Parked.objects.filter(subscription=name).exclude(stream__in=failed)
    return parked.order_by("position").first()


def _try(one: Parked, policy: Callable[..., object], event: RecordedEvent[Any]) -> str:
    try:
        react_once(one.subscription, policy, event, lambda: _taken(one))
    except PASSING:
        raise
    except Exception as error:
        Parked.objects.filter(pk=one.pk).update(trouble=failure(event, error))
        return failure(event, error)
    return ""


def _taken(one: Parked) -> bool:
    """Whether it was parked still, and is not any more. The worker waits meanwhile: it would park
    the next event of the stream behind one that is gone."""
    Checkpoint.objects.select_for_update().get(name=one.subscription)
    deleted, _ = Parked.objects.filter(pk=one.pk).delete()
    return bool(deleted)
