"""Facts about the log and the database. Small tables are counted, large ones are estimated.

The estimates are Postgres's own. They are missing before the first ANALYZE, and are as old as the
last one.
"""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings

from .looking import rows

NEWEST = 10_000  # up to so many rows are counted

FACTS = """SELECT
    (SELECT max(position) FROM eventstore_event),
    pg_total_relation_size('eventstore_event'), pg_database_size(current_database()),
    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
    current_setting('max_connections')::int, current_setting('server_version')"""
# The tables that exist, each with its name as SQL needs it and with the planner's estimate of its
# rows, which is -1 before the first ANALYZE.
TABLES = """
    SELECT name, pg_class.oid::regclass::text, reltuples::bigint FROM unnest(%s::text[]) AS name
    JOIN pg_class ON pg_class.oid = to_regclass(quote_ident(name))"""
# It counts the rows of a table, but no more than `NEWEST` and one.
COUNT = f"SELECT {{}}, count(*) FROM (SELECT FROM {{}} LIMIT {NEWEST + 1}) AS first"  # noqa: S608
SOURCES = {
    "counted": "counted",
    "estimated": "as the planner estimates (ANALYZE brings it up to date)",
    "newest": f"among the newest {NEWEST:,} (ANALYZE brings an estimate for all)",
}
NEWEST_TYPES = f"""
    SELECT type, count(*) FROM (
        SELECT type FROM eventstore_event ORDER BY position DESC LIMIT {NEWEST + 1}) AS newest
    GROUP BY 1 ORDER BY 2 DESC, 1"""  # noqa: S608 (no input in it)
# How frequent each type was in ANALYZE's sample, times the estimated number of rows.
TYPES = """
    SELECT type, round(frequency * reltuples)::bigint
    FROM pg_stats, pg_class,
        unnest(most_common_vals::text::text[], most_common_freqs) AS common (type, frequency)
    WHERE pg_class.oid = 'eventstore_event'::regclass AND tablename = relname
        AND schemaname = relnamespace::regnamespace::text AND attname = 'type' AND reltuples > 0
    ORDER BY 2 DESC, 1"""
# The newest events, counted by minutes if they span about an hour, by days if they span months, and
# otherwise by hours.
LATELY = f"""
    WITH newest AS MATERIALIZED (
        SELECT recorded_at FROM eventstore_event ORDER BY position DESC LIMIT {NEWEST}),
    chosen AS (
        SELECT CASE WHEN max(recorded_at) - min(recorded_at) < interval '70 minutes' THEN 'minute'
            WHEN max(recorded_at) - min(recorded_at) < interval '30 days' THEN 'hour'
            ELSE 'day' END AS unit FROM newest)
    SELECT unit, date_trunc(unit, recorded_at), count(*) FROM newest, chosen
    GROUP BY 1, 2 ORDER BY 2"""  # noqa: S608 (no input in it)


@dataclass(frozen=True)
class Facts:
    """Facts about the log and the database; sizes are in bytes.

    `tables` has the number of rows of each table. It is counted up to `NEWEST` and estimated above
    it; -1 means that there are more and that there is no estimate.
    """

    last_position: int | None
    log_bytes: int
    database_bytes: int
    connections: int
    most_connections: int
    postgres: str
    tables: dict[str, int]


def facts() -> Facts:
    """Facts about the log, and about its table and those of all projections; three queries."""
    names = [model._meta.db_table for models in projection_models().values() for model in models]
    [row] = rows(FACTS)
    values: list[Any] = [*row, _sizes(["eventstore_event", *names])]
    return Facts(*values)


def _sizes(names: list[str]) -> dict[str, int]:
    tables = rows(TABLES, [names])
    counts = [COUNT.format(number, table) for number, (_, table, _) in enumerate(tables)]
    few = dict(rows(" UNION ALL ".join(counts)))
    sizes: dict[str, int] = {}
    for number, (name, _, estimate) in enumerate(tables):
        known = estimate if estimate > NEWEST else -1
        sizes[name] = few[number] if few[number] <= NEWEST else known
    return sizes


def events_per_type() -> tuple[list[tuple[str, int]], str]:
    """How many events of each type there are, the most frequent first, and how that is known.

    That is "counted", "estimated", or "newest": before the first ANALYZE of a long log, only the
    newest events are counted.
    """
    newest = [(kind, count) for kind, count in rows(NEWEST_TYPES)]
    if sum(count for _, count in newest) <= NEWEST:
        return newest, "counted"
    estimates = [(kind, count) for kind, count in rows(TYPES)]
    return (estimates, "estimated") if estimates else (newest, "newest")


def events_lately() -> tuple[str, list[tuple[datetime, int]]]:
    """A unit, "minute", "hour" or "day", and the beginnings of such units, oldest first, with the
    number of events in each. It counts up to `NEWEST` events, the newest ones."""
    counts = rows(LATELY)
    if len(counts) > 1 and sum(count for _, _, count in counts) == NEWEST:
        counts = counts[1:]  # the first unit is counted from its middle on
    return (counts[0][0] if counts else "hour"), [(at, count) for _, at, count in counts]


def projection_models() -> dict[str, list[Any]]:
    """The names of projections, each with the models that it writes."""
    return {name: _models(path) for name, path in settings.PROJECTIONS.items()}


def _models(path: str) -> list[Any]:
    try:
        models: list[Any] = import_module(path).MODELS
    except (AttributeError, ImportError, ValueError):
        return []  # `manage.py check` says what is wrong; a page would show a traceback
    return models
