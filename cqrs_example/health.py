"""For whoever watches over the process: is it up, and can it work?"""

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
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
    except Error:
        return HttpResponse("The database does not answer.", status=503, content_type="text/plain")
    if missing:
        return HttpResponse("Migrations are missing.", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
