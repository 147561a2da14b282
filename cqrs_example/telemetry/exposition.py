"""`/metrics`, in Prometheus's text format."""

import os
from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from .checks import BLOCK, is_installed

SUBSCRIPTIONS = f"{BLOCK.rpartition('.')[0]}.subscriptions"
LAST = "SELECT coalesce(max(position), 0) FROM eventstore_event"
COLUMNS = {
    "position": "Up to where it has heard the log.",
    "lag_events": "Events that it has not heard yet.",
    "lag_seconds": "For how long the oldest of these has been waiting.",
    "parked": "Events that it could not deal with, or that wait behind such.",
    "running": "Whether a worker is at it.",
    "stands_still": "Whether it cannot go on.",
}


@login_not_required
@csrf_exempt
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What the processes of this server have counted, and how far the log and those that follow it
    are, which the database is asked; without the library there is no such page."""
    if not is_installed("prometheus_client"):
        raise Http404
    return _exposed()


def _exposed() -> HttpResponse:
    client: Any = import_module("prometheus_client")
    multiprocess: Any = import_module("prometheus_client.multiprocess")
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = client.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        text = client.generate_latest(registry)
    else:
        text = client.generate_latest()
    # A registry of its own: what the database says is the same in each process.
    asked = client.CollectorRegistry()
    asked.register(_Database())
    text += client.generate_latest(asked)
    return HttpResponse(text, content_type=client.CONTENT_TYPE_LATEST)


class _Database:
    """A collector. A database that does not answer is said, and takes nothing else away."""

    def collect(self) -> list[Any]:
        gauge: Any = import_module("prometheus_client.core").GaugeMetricFamily
        try:
            found = [gauge("cqrs_log_position", "The last position of the log.", value=_last())]
            rows = _subscriptions()
        except (DatabaseError, InterfaceError):
            return [gauge("cqrs_database_up", "Whether the database answers.", value=0)]
        found.append(gauge("cqrs_database_up", "Whether the database answers.", value=1))
        for column, text in COLUMNS.items() if rows else ():
            labels = ["subscription", "kind"]
            family = gauge(f"cqrs_subscription_{column}", text, labels=labels)
            for row in rows:
                family.add_metric([row["name"], row["kind"]], float(row[column]))
            found.append(family)
        return found


def _last() -> int:
    with connection.cursor() as cursor:
        cursor.execute(LAST)
        return int(cursor.fetchone()[0])


def _subscriptions() -> list[dict[str, Any]]:
    """As `subscriptions.status` has them; none where that block is not installed."""
    if not apps.is_installed(SUBSCRIPTIONS):
        return []
    rows: list[dict[str, Any]] = import_module(f"{SUBSCRIPTIONS}.status").status()
    return [{**row, "stands_still": bool(row["trouble"])} for row in rows]
