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

from .checks import BLOCK, is_installed, is_named

SUBSCRIPTIONS = f"{BLOCK.rpartition('.')[0]}.subscriptions"
LAST = "SELECT coalesce(max(position), 0) FROM eventstore_event"
COLUMNS = {
    "position": "The position up to which the subscription has heard.",
    "lag_events": "The number of events that it has not heard yet.",
    "lag_seconds": "The age of the oldest of these.",
    "parked": "The number of events on which it failed, or that wait behind these.",
    "running": "Whether a worker is at it.",
    "stands_still": "Whether it cannot go on.",
}


@login_not_required
@csrf_exempt
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The counts of this server's processes, and the positions of the log and of subscriptions.

    The positions are read from the database. Without the library the answer is 404.
    """
    if not is_installed("prometheus_client"):
        raise Http404
    return _exposed()


def _exposed() -> HttpResponse:
    client: Any = import_module("prometheus_client")
    if is_named("metrics"):
        import_module(f"{BLOCK}.metrics").ASIDE.flush()
    multiprocess: Any = import_module("prometheus_client.multiprocess")
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = client.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        text = client.generate_latest(registry)
    else:
        text = client.generate_latest()
    # A registry of its own: these figures are the same in each process, and must not be added up.
    database = client.CollectorRegistry()
    database.register(_Database())
    text += client.generate_latest(database)
    return HttpResponse(text, content_type=client.CONTENT_TYPE_LATEST)


class _Database:
    """A collector of the figures of the database.

    If the database does not answer, a metric says so, and the other metrics are still there.
    """

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
    """The rows of `subscriptions.status`; none if that block is not installed."""
    if not apps.is_installed(SUBSCRIPTIONS):
        return []
    rows: list[dict[str, Any]] = import_module(f"{SUBSCRIPTIONS}.status").status()
    return [{**row, "stands_still": bool(row["trouble"])} for row in rows]
