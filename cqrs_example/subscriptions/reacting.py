"""Letting a policy hear of one event, once."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from ..eventstore import DuplicateEvent, RecordedEvent, caused_by
from ..messaging.hearing import hears
from ..messaging.transaction import UnitOfWork, deliver, react, require_intact


def react_once(
    name: str, policy: Callable[..., Any], event: RecordedEvent[Any], begin: Callable[[], object]
) -> None:
    """Let a policy hear in a transaction of its own, which begins with `begin()`: what says that it
    has heard. When that returns false, somebody else was faster, and nothing is done.

    The ids of what the policy issues come from the event, so an effect that was recorded before
    collides. Then it was all recorded before, and only `begin()` is done, in a new transaction.
    """
    issued: Counter[tuple[UUID, str]] = Counter()
    while True:
        unit = UnitOfWork(event.correlation_id, _origin(name, event), issued=Counter(issued))
        try:
            with transaction.atomic(durable=True):
                if begin():
                    react(unit, name, policy, event)
                    deliver(unit)
                    require_intact()
            return
        except DuplicateEvent:
            if _has_reacted(name, event):
                with transaction.atomic():
                    begin()
                return
            # Another policy has issued a command of the same name for this event: as within one
            # transaction, the second one of a name has the number 2.
            if unit.issued == issued:
                raise
            issued = unit.issued


def _origin(name: str, event: RecordedEvent[Any]) -> dict[str, Any]:
    """Who and what request set it in motion; and, unlike in a transaction of all, which policy."""
    given = {key: event.metadata[key] for key in ("actor", "request") if key in event.metadata}
    return {**given, "policy": name}


def _has_reacted(name: str, event: RecordedEvent[Any]) -> bool:
    """Whether this policy caused events. Those without a name come from a transaction: from this
    policy, before a worker took it over, unless there is another one that hears there."""
    policies = [
        path for other, path in settings.POLICIES.items() if other not in settings.SUBSCRIPTIONS
    ]
    here = any(hears(import_string(path), event) for path in policies)
    caused = [each.metadata.get("policy") for each in caused_by(event.id)]
    return name in caused or (None in caused and not here)
