"""Moving an entry from the transaction to a worker and back, with nothing lost and nothing twice.

Who delivers is recorded in the database: a checkpoint means a worker. It changes here alone, in a
moment in which nobody writes to the log, so that each event is delivered on one side of it. Servers
with the settings of before must have ended by then: `manage.py check --database default` stops
those that begin, and nothing can stop those that run.
"""

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from ..eventstore.log import APPEND_LOCK
from ..eventstore.models import StoredEvent
from .models import Checkpoint, Parked

PATIENCE = "2s"  # writers that come while this waits for the lock wait behind it
DIFFERS = (
    "settings.SUBSCRIPTIONS leaves {} to {}, but the database to {}: stop all servers and workers,"
    " then run `manage.py subscriptions switch`."
)


class CannotSwitch(Exception):
    """The message says why, and what to do."""


def wanted() -> list[str]:
    """The subscriptions that the settings name."""
    return list(getattr(settings, "SUBSCRIPTIONS", ()))


def differences() -> list[str]:
    """Where settings and database say otherwise, in sentences."""
    names = wanted()
    known = Checkpoint.objects.exclude(kind="relay").values_list("name", flat=True)
    disagreements = [(name, "the transaction", "a worker") for name in known if name not in names]
    disagreements += [(name, "a worker", "the transaction") for name in names if name not in known]
    return [DIFFERS.format(*disagreement) for disagreement in disagreements]


def switch() -> list[str]:
    """Make the database agree with the settings; returns what was done, in sentences.

    An entry that goes to a worker begins where the log ends: until then transactions delivered. One
    that comes back must have heard everything. Raises `CannotSwitch`; Postgres's lock timeout when
    somebody writes to the log all the time.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        # These rows first, then the log: workers take both in this order too.
        known = Checkpoint.objects.exclude(kind="relay").select_for_update().in_bulk()
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", APPEND_LOCK)
        end = StoredEvent.objects.aggregate(last=Max("position"))["last"] or 0
        done = [_end(row, end) for name, row in known.items() if name not in wanted()]
        return done + [_begin(name, end) for name in wanted() if name not in known]


def _begin(name: str, end: int) -> str:
    kind = "projection" if name in settings.PROJECTIONS else "policy"
    Checkpoint.objects.create(name=name, kind=kind, position=end, moved_at=timezone.now())
    return f"{name}: from now on a worker delivers, what comes after position {end}."


def _end(one: Checkpoint, end: int) -> str:
    # What has left the settings altogether hears nothing more.
    if one.name in settings.PROJECTIONS or one.name in settings.POLICIES:
        if one.position < end:
            raise CannotSwitch(
                f"{one.name} has heard up to position {one.position} of {end}: let its worker run,"
                " with the settings of before and without servers, until it has heard the rest."
            )
        if Parked.objects.filter(subscription=one.name).exists():
            raise CannotSwitch(
                f"{one.name} has parked events, which it would hear after later ones: `retry` them"
                f" first, or give them up by `reset {one.name} --to {one.position}`."
            )
    one.delete()
    return f"{one.name}: from now on the transaction of each command delivers."
