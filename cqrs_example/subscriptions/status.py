"""How far each subscription is, what it stands still for, and what is parked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

MOST_COUNTED = 1_000_000  # events; further behind than that, the figure says no more

# Whether somebody leads is what the advisory locks say: see `working`.
STATUS = """
    SELECT name, kind, position, moved_at, trouble,
        (SELECT count(*) FROM (
            SELECT FROM eventstore_event WHERE position > checkpoint.position LIMIT %s) AS later),
        coalesce((
            SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float FROM eventstore_event
            WHERE position > checkpoint.position ORDER BY position LIMIT 1), 0),
        (SELECT count(*) FROM subscriptions_parked WHERE subscription = name),
        EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
            AND classid::bigint = hashtext('subscription')::bigint & 4294967295
            AND objid::bigint = hashtext(name)::bigint & 4294967295
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    FROM subscriptions_checkpoint AS checkpoint ORDER BY kind DESC, name
"""


@dataclass(frozen=True)
class Status:
    """A subscription as it is now.

    lag_events, lag_seconds  what it has not heard yet: how many, and for how long the oldest waits
    trouble                  what it stands still for; "": it goes on
    running                  whether a worker is at it
    """

    name: str
    kind: str
    position: int
    moved_at: datetime
    trouble: str
    lag_events: int
    lag_seconds: float
    parked: int
    running: bool

    def __str__(self) -> str:
        parts = [f"at position {self.position}"]
        if self.lag_events:
            parts.append(f"{self.lag_events:,} events and {self.lag_seconds:.1f} s behind")
        parts += [f"{self.parked:,} events parked"] if self.parked else []
        parts += [] if self.running else ["no worker is at it"]
        parts += [f"stands still: {self.trouble}"] if self.trouble else []
        return f"{self.name} ({self.kind}): {'; '.join(parts)}"


def status() -> list[Status]:
    """All subscriptions, and the relay where there is one."""
    with connection.cursor() as cursor:
        cursor.execute(STATUS, [MOST_COUNTED])
        rows: list[Any] = cursor.fetchall()
    return [Status(*row) for row in rows]


def too_late() -> list[str]:
    """Those that are further behind than `settings.SUBSCRIPTIONS_READY_LAG` allows (seconds; None:
    no lag makes a server unready), in sentences."""
    most = getattr(settings, "SUBSCRIPTIONS_READY_LAG", None)
    return [str(one) for one in status() if most is not None and one.lag_seconds > most]
