"""Move an entry from the transaction to a worker and back, so that it hears each event once.

The database records who delivers: if there is a checkpoint, a worker does. Only `switch` changes
that, while it keeps all others from writing to the log, so that each event is delivered either
before or after the change. Servers with the old settings must have ended before. A server that
starts with them is stopped by `manage.py check --database default`; nothing stops one that runs.
"""

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from ..eventstore.log import APPEND_LOCK
from ..eventstore.models import StoredEvent
from .models import Checkpoint, Parked

PATIENCE = "2s"  # how long to wait for the lock: commands wait behind it for as long
DIFFERS = (
    "settings.SUBSCRIPTIONS leaves {} to {}, but the database to {}: stop all servers and workers,"
    " then run `manage.py subscriptions switch`."
)


class CannotSwitch(Exception):
    """An entry cannot be moved yet; the message says why, and what to do."""


def wanted() -> list[str]:
    """The subscriptions that the settings name."""
    return list(getattr(settings, "SUBSCRIPTIONS", ()))


def differences() -> list[str]:
    """A sentence for each entry for which settings and database disagree on who delivers."""
    names = wanted()
    known = Checkpoint.objects.exclude(kind="relay").values_list("name", flat=True)
    disagreements = [(name, "the transaction", "a worker") for name in known if name not in names]
    disagreements += [(name, "a worker", "the transaction") for name in names if name not in known]
    return [DIFFERS.format(*disagreement) for disagreement in disagreements]


def switch() -> list[str]:
    """Make the database agree with the settings; returns a sentence for each change.

    An entry that goes to a worker begins at the end of the log, because transactions have delivered
    all events before. An entry that comes back must have heard of all events: otherwise this raises
    `CannotSwitch`. Raises `OperationalError` if commands hold the log's lock for too long.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        # First these rows, then the log, as workers do: in the other order both could deadlock.
        known = Checkpoint.objects.exclude(kind="relay").select_for_update().in_bulk()
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", APPEND_LOCK)
        end = StoredEvent.objects.aggregate(last=Max("position"))["last"] or 0
        ended = [_end(n, row.position, end) for n, row in known.items() if n not in wanted()]
        return ended + [_begin(name, end) for name in wanted() if name not in known]


def _begin(name: str, end: int) -> str:
    kind = "projection" if name in settings.PROJECTIONS else "policy"
    Checkpoint.objects.create(name=name, kind=kind, position=end, moved_at=timezone.now())
    return f"{name}: from now on a worker delivers the events after position {end}."


def _end(name: str, position: int, end: int) -> str:
    # An entry that has left the settings altogether hears of no event any more.
    if name in settings.PROJECTIONS or name in settings.POLICIES:
        if position < end:
            raise CannotSwitch(
                f"{name} has heard up to position {position} of {end}: let its worker run, with the"
                " old settings and without servers, until it has heard the rest."
            )
        if Parked.objects.filter(subscription=name).exists():
            raise CannotSwitch(
                f"{name} has parked events, which it would hear after later ones: `retry` them"
                f" first, or give them up with `reset {name} --to {position}`."
            )
    Checkpoint.objects.filter(name=name).delete()
    return f"{name}: from now on the transaction of each command delivers."
