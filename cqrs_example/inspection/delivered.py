"""Who has heard: in the command's transaction or, where there are subscriptions, in a worker."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings

from ..eventstore import RecordedEvent
from .who_hears import who_hears

BLOCK = f"{__name__.rsplit('.', 2)[0]}.subscriptions"


def subscriptions() -> list[dict[str, Any]]:
    """All subscriptions, as `subscriptions.status` tells of them; none where there are none."""
    if not getattr(settings, "SUBSCRIPTIONS", ()) or not apps.is_installed(BLOCK):
        return []
    found: list[dict[str, Any]] = import_module(f"{BLOCK}.status").status()
    return found


def hearings(event: RecordedEvent[Any]) -> Iterator[tuple[str, str]]:
    """The name of each projection and policy that hears of an event, and whether it has heard."""
    audiences = [audience for audience in who_hears() if audience.event == event.type]
    at = {subscription["name"]: subscription for subscription in subscriptions()}
    parked = _parked(event) if at else {}
    for name in [
        name for audience in audiences for name in (*audience.projections, *audience.policies)
    ]:
        if name in parked:
            yield name, f"parked: {parked[name] or 'an earlier event of the stream is'}"
        elif name not in at:
            yield name, "in the transaction"
        else:
            yield name, _by_worker(event.position, at[name])


def _by_worker(position: int, subscription: dict[str, Any]) -> str:
    if subscription["position"] >= position:
        # That is when the checkpoint moved last: it was not later.
        return f"in a worker, by {subscription['moved_at']:%Y-%m-%d %H:%M:%S.%f} UTC"
    trouble = subscription["trouble"]
    behind = f"not yet: its worker has heard up to position {subscription['position']}"
    return f"{behind} and stands still: {trouble}" if trouble else behind


def _parked(event: RecordedEvent[Any]) -> dict[str, str]:
    model: Any = apps.get_app_config("subscriptions").get_model("Parked")
    found = model.objects.filter(event_id=event.id)
    return dict(found.values_list("subscription", "trouble"))
