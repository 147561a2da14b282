"""For whoever watches over the process: is it up, and can it work?"""

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe


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
    """The database answers and is migrated; otherwise 503 and the reason."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        return _not_ready(request, "The database does not answer.", str(error).strip())
    if missing:
        names = ", ".join(f"{one.app_label}.{one.name}" for one, _ in missing)
        return _not_ready(request, "Migrations are missing.", f"migrations are missing: {names}")
    return HttpResponse("ok", content_type="text/plain")


def _not_ready(request: HttpRequest, sentence: str, reason: str) -> HttpResponse:
    """The sentence for whoever asked, the reason for the log."""
    response = HttpResponse(sentence, status=503, content_type="text/plain")
    response.headers["Retry-After"] = "1"
    log_response("%s %s: %s", request.method, request.path, reason, response=response)
    return response
