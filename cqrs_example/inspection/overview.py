"""The page that shows the log, its read models and its handlers at a glance."""

from __future__ import annotations

import platform
from typing import Any

import django
import psycopg
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from . import statistics
from .chart import bars
from .delivered import subscriptions
from .edge import show
from .refusals import last_day
from .running import last_runs, run_model
from .timings import slowest


def overview(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The page. It takes five queries, none of which reads more than 10,000 rows of a table.

    Timings take one more query. So do subscriptions: it counts the events that each has not heard.
    """
    facts = statistics.facts()
    types, source = statistics.events_per_type()
    versions = {
        "Postgres": facts.postgres,
        "Django": django.get_version(),
        "psycopg": psycopg.__version__,
        "Python": platform.python_version(),
    }
    return show(
        model_admin,
        request,
        "overview",
        title="Overview of the log",
        facts=facts,
        types=types,
        source=source,
        chart=bars(*statistics.events_lately()),
        newest=statistics.NEWEST,
        projections=_projections(facts),
        subscriptions=subscriptions(),
        versions=versions,
        refusals=last_day(),
        has_runs=run_model() is not None,
        slow=slowest(),
    )


def _projections(facts: statistics.Facts) -> list[dict[str, Any]]:
    runs = last_runs()
    named = [
        {"name": name, "tables": [_table(model, facts) for model in models]}
        for name, models in statistics.projection_models().items()
    ]
    return [
        {
            **projection,
            "rebuilt": runs.get((str(projection["name"]), "rebuild")),
            "verified": runs.get((str(projection["name"]), "verify")),
        }
        for projection in named
    ]


def _table(model: Any, facts: statistics.Facts) -> dict[str, Any]:
    address = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    rows = facts.tables.get(model._meta.db_table)  # None before its migration has run
    return {"name": model._meta.verbose_name_plural, "address": address, "rows": rows}
