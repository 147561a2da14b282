"""How far each subscription is, why it stands still, and how many events it has parked."""

from typing import Any

from django.db import connection

from ..operations.processes import LED

COUNTED = 1_000_000  # up to so many events behind a subscription are counted

STATUS = f"""
    SELECT name, kind, position, moved_at, trouble,
        (SELECT count(*) FROM (SELECT FROM eventstore_event WHERE position > checkpoint.position
            LIMIT %s) AS later) AS lag_events,
        coalesce((SELECT extract(epoch FROM clock_timestamp() - recorded_at) FROM eventstore_event
            WHERE position > checkpoint.position ORDER BY position LIMIT 1), 0)::float
            AS lag_seconds,
        (SELECT count(*) FROM subscriptions_parked WHERE subscription = name) AS parked,
        {LED} AS running
    FROM subscriptions_checkpoint AS checkpoint ORDER BY kind DESC, name
"""  # noqa: S608 (no input in it)


def status() -> list[dict[str, Any]]:
    """A row for each subscription, and for the relay if there is one.

    Beside the columns of `Checkpoint` it has `lag_events`, the number of events that are not heard
    yet, `lag_seconds`, the age of the oldest of these, `parked`, the number of parked events, and
    `running`, whether a worker is at it.
    """
    with connection.cursor() as cursor:
        cursor.execute(STATUS, [COUNTED])
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def sentence(row: dict[str, Any]) -> str:
    """A row of `status` in words."""
    text = f"{row['name']} ({row['kind']}) has heard up to position {row['position']}"
    if row["lag_events"]:
        text += f", {_events(row['lag_events'])} and {row['lag_seconds']:.1f} s behind"
    text += f", {_events(row['parked'])} parked" if row["parked"] else ""
    text += "" if row["running"] else ", no worker is at it"
    return text + (f", stands still: {row['trouble']}" if row["trouble"] else "")


def _events(number: int) -> str:
    return f"{number:,} event" if number == 1 else f"{number:,} events"
