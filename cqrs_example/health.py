"""For whoever watches over the process: is it up, and can it work?"""

import logging
from threading import Event

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.checks import CheckMessage, Tags, run_checks
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from .subscriptions.status import sentence, status
from .subscriptions.switching import differences

log = logging.getLogger(__name__)
found_fit = Event()


@login_not_required
@csrf_exempt
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; the database is not asked."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers, is migrated and fit; otherwise 503 and the reason."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        return _not_ready(request, "The database does not answer.", str(error).strip())
    if missing:
        names = ", ".join(f"{one.app_label}.{one.name}" for one, _ in missing)
        return _not_ready(request, "Migrations are missing.", f"migrations are missing: {names}")
    try:
        differing, found = differences(), status()
    except Error as error:
        return _not_ready(request, "The database does not answer.", str(error).strip())
    late = [sentence(one) for one in found if one["lag_seconds"] > settings.SUBSCRIPTIONS_READY_LAG]
    for told in [*differing, *late]:
        return _not_ready(request, told, told)
    if not _is_fit():
        return _not_ready(request, "The database is not fit: the log says why.", "see above")
    # Commands go on without these: whoever watches shall see it, and send requests all the same.
    standing = [sentence(one) for one in found if one["trouble"] or one["parked"]]
    return HttpResponse("\n".join(["ok", *standing]), content_type="text/plain")


def _is_fit() -> bool:
    """What the server checks before it starts, once in each process: the database may have been
    away then."""
    if not found_fit.is_set():
        found = run_checks(tags=[Tags.database], databases=["default"])
        found = [one for one in found if _counts(one)]
        for one in found:
            log.error(one.msg)
        if not found:
            found_fit.set()
    return found_fit.is_set()


def _counts(one: CheckMessage) -> bool:
    """What would have ended the start, or could not be asked then."""
    return not one.is_silenced() and (one.is_serious() or one.id == "operations.W001")


def _not_ready(request: HttpRequest, sentence: str, reason: str) -> HttpResponse:
    """The sentence for whoever asked, the reason for the log."""
    response = HttpResponse(sentence, status=503, content_type="text/plain")
    response.headers["Retry-After"] = "1"
    log_response("%s %s: %s", request.method, request.path, reason, response=response)
    return response
