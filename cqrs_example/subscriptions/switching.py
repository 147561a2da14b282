"""Moving an entry from the transaction to a worker and back, with nothing lost and nothing twice.

Who delivers is recorded in the database: a checkpoint means a worker. It changes here alone, in a
moment in which nobody writes to the log, so that each event is delivered on one side of it. Writers
with the settings of before must have ended by then: `manage.py check --database default` stops
those that begin, and nothing can stop those that run.
"""

import time
from collections.abc import Sequence
from threading import Event

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from ..eventstore.log import APPEND_LOCK
from ..eventstore.models import StoredEvent
from .checkpoints import position_of
from .delivering import hear
from .following import from_log, readable
from .models import Checkpoint, Parked

# Writers that come while this waits for the lock wait behind it: not for long at a time.
PATIENCE = "200ms"
TRIES, PAUSE = 30, 0.5  # seconds
LOCK_NOT_AVAILABLE = "55P03"


class CannotSwitch(Exception):
    """The message says why, and what to do."""


def kind(name: str) -> str:
    """What an entry of the settings is."""
    return "projection" if name in settings.PROJECTIONS else "policy"


def wanted() -> list[str]:
    """The subscriptions that the settings name."""
    return list(getattr(settings, "SUBSCRIPTIONS", ()))


def recorded() -> set[str]:
    """The subscriptions that the database knows."""
    return set(Checkpoint.objects.exclude(kind="relay").values_list("name", flat=True))


def differences() -> list[str]:
    """Where settings and database say otherwise, in sentences."""
    names, known = wanted(), recorded()
    left = "settings.SUBSCRIPTIONS leaves {} to the transaction, but the database to a worker"
    named = "settings.SUBSCRIPTIONS leaves {} to a worker, but the database to the transaction"
    sentences = [left.format(name) for name in sorted(known - set(names))]
    sentences += [named.format(name) for name in names if name not in known]
    return [f"{one}: stop all servers, run `manage.py subscriptions switch`." for one in sentences]


def switch() -> list[str]:
    """Make the database agree with the settings; returns what was done, in sentences.

    An entry that goes to a worker begins where the log ends: until then the transactions delivered.
    One that comes back hears the rest first, here. Raises `CannotSwitch`.
    """
    for _ in range(TRIES):
        ending = sorted(recorded() - set(wanted()))
        # Entries that left the settings altogether hear nothing more.
        hearing = [n for n in ending if n in settings.PROJECTIONS or n in settings.POLICIES]
        _refuse_parked(hearing)
        _hear_the_rest(hearing)
        if (done := _switch(ending, hearing)) is not None:
            return done
        time.sleep(PAUSE)
    raise CannotSwitch(
        f"Within {TRIES} tries the log was never at rest: stop all that writes to it. Nothing was"
        " changed."
    )


def _refuse_parked(names: Sequence[str]) -> None:
    for name in Parked.objects.filter(subscription__in=names).values_list(
        "subscription", flat=True
    ):
        raise CannotSwitch(
            f"{name} has parked events, which would be heard after later ones: let it hear them"
            f" (`manage.py subscriptions retry {name}`), or give them up"
            f" (`manage.py subscriptions reset {name} --to POSITION`)."
        )


def _hear_the_rest(names: Sequence[str]) -> None:
    """As a worker does."""
    going = True
    while going:  # a policy's events are for the others too
        going = any(list(map(_hear_some, names)))


def _hear_some(name: str) -> bool:
    with from_log(name) as read:
        after = position_of(name)
        rows = read(after)
    if rows:
        hear(name, after, list(readable(rows)), Event().wait)
    return bool(rows)


def _switch(ending: Sequence[str], hearing: Sequence[str]) -> list[str] | None:
    """In one transaction; None: somebody wrote meanwhile."""
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            # Rows first, then the log: a worker takes them in this order too.
            rows = {one.name: one for one in Checkpoint.objects.select_for_update()}
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", APPEND_LOCK)
            last = StoredEvent.objects.order_by("-position").values_list("position", flat=True)
            end = last.first() or 0
            if any(rows[name].position < end for name in hearing):
                return None
            return [*map(_end, ending), *(_begin(n, end) for n in wanted() if n not in rows)]
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return None


def _begin(name: str, position: int) -> str:
    Checkpoint.objects.create(
        name=name, kind=kind(name), position=position, moved_at=timezone.now()
    )
    return f"{name}: from now on a worker delivers, what comes after position {position}"


def _end(name: str) -> str:
    Checkpoint.objects.filter(name=name).delete()
    return f"{name}: from now on the transaction of each command delivers"
