"""Facts about the log and the database, from what Postgres knows anyway: nothing is counted."""

import json
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings

from .looking import rows

NEWEST = 10_000

FACTS = """SELECT
    (SELECT max(position) FROM eventstore_event),
    pg_total_relation_size('eventstore_event'), pg_database_size(current_database()),
    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
    current_setting('max_connections')::int, current_setting('server_version'),
    (SELECT jsonb_object_agg(name, greatest(reltuples, -1)::bigint) FROM unnest(%s::text[]) AS name
        JOIN pg_class ON pg_class.oid = to_regclass(quote_ident(name)))::text"""
# What ANALYZE found in its sample, times how many rows it took the table to have.
TYPES = """
    SELECT type, round(frequency * reltuples)::bigint
    FROM pg_stats, pg_class,
        unnest(most_common_vals::text::text[], most_common_freqs) AS common (type, frequency)
    WHERE pg_class.oid = 'eventstore_event'::regclass AND tablename = relname
        AND schemaname = relnamespace::regnamespace::text AND attname = 'type' AND reltuples > 0
    ORDER BY 2 DESC, 1"""
HOURS = f"""
    SELECT date_trunc('hour', recorded_at), count(*) FROM (
        SELECT recorded_at FROM eventstore_event ORDER BY position DESC LIMIT {NEWEST}) AS newest
    GROUP BY 1 ORDER BY 1"""  # noqa: S608 (no input in it)


@dataclass(frozen=True)
class Facts:
    """Sizes in bytes; `tables` has the estimated number of rows, -1 where nothing is known."""

    last_position: int | None
    log_bytes: int
    database_bytes: int
    connections: int
    most_connections: int
    postgres: str
    tables: dict[str, int]


def facts() -> Facts:
    """One query; of the tables of all projections, and of the log."""
    names = [model._meta.db_table for models in projection_models().values() for model in models]
    [row] = rows(FACTS, [["eventstore_event", *names]])
    values = [*row[:-1], json.loads(row[-1] or "{}")]
    return Facts(*values)


def events_per_type() -> list[tuple[str, int]]:
    """Estimates, most frequent first; empty before the first ANALYZE."""
    return [(kind, count) for kind, count in rows(TYPES)]


def events_per_hour() -> list[tuple[datetime, int]]:
    """Of the newest events, at most `NEWEST`: hours in which something happened, oldest first."""
    return [(hour, count) for hour, count in rows(HOURS)]


def projection_models() -> dict[str, list[Any]]:
    """The models of each projection, by the projection's name."""
    return {name: _models(path) for name, path in settings.PROJECTIONS.items()}


def _models(path: str) -> list[Any]:
    try:
        models: list[Any] = import_module(path).MODELS
    except (AttributeError, ImportError, ValueError):
        return []  # `manage.py check` says what is wrong; here it would be a traceback
    return models


def last_runs() -> dict[tuple[str, str], Any]:
    """The last rebuild and verification of each projection, if there is a block that does them."""
    if not apps.is_installed(f"{__name__.rsplit('.', 2)[0]}.projections"):
        return {}
    model: Any = apps.get_app_config("projections").get_model("Run")
    newest = model.objects.order_by("projection", "action", "-started_at")
    return {(run.projection, run.action): run for run in newest.distinct("projection", "action")}
