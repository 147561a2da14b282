"""Which projections and policies have heard of an event, in its transaction or in a worker."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings

from ..eventstore import RecordedEvent
from .who_hears import who_hears

BLOCK = f"{__name__.rsplit('.', 2)[0]}.subscriptions"


def subscriptions() -> list[dict[str, Any]]:
    """All subscriptions, as `status` of the block `subscriptions` describes them."""
    if not getattr(settings, "SUBSCRIPTIONS", ()) or not apps.is_installed(BLOCK):
        return []
    found: list[dict[str, Any]] = import_module(f"{BLOCK}.status").status()
    return found


def hearings(event: RecordedEvent[Any]) -> Iterator[tuple[str, str]]:
    """The name of each projection and policy that hears of an event, and where and when it did."""
    audiences = [audience for audience in who_hears() if audience.event == event.type]
    subscribed = {subscription["name"]: subscription for subscription in subscriptions()}
    parked = _parked(event) if subscribed else {}
    for name in [
        name for audience in audiences for name in (*audience.projections, *audience.policies)
    ]:
        if name in parked:
            yield name, f"parked: {parked[name] or 'an earlier event of the stream is'}"
        elif name not in subscribed:
            yield name, "in the transaction"
        else:
            yield name, _by_worker(event.position, subscribed[name])


def _by_worker(position: int, subscription: dict[str, Any]) -> str:
    if subscription["position"] >= position:
        # The checkpoint moved last at this time, so it passed the event then or earlier.
        return f"in a worker, by {subscription['moved_at']:%Y-%m-%d %H:%M:%S.%f} UTC"
    trouble = subscription["trouble"]
    behind = f"not yet: its worker has heard up to position {subscription['position']}"
    return f"{behind} and stands still: {trouble}" if trouble else behind


def _parked(event: RecordedEvent[Any]) -> dict[str, str]:
    model: Any = apps.get_app_config("subscriptions").get_model("Parked")
    found = model.objects.filter(event_id=event.id)
    return dict(found.values_list("subscription", "trouble"))
