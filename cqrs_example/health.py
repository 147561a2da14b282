"""For monitors and load balancers: is the process up, and can it work?"""

import logging
from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.checks import CheckMessage, Tags, run_checks
from django.db import Error, ProgrammingError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from .eventstore.failures import refused_for_good
from .http.failures import UNFIT, passes
from .subscriptions.status import sentence, status
from .subscriptions.switching import differences

log = logging.getLogger(__name__)


@login_not_required
@csrf_exempt
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process works, without the database."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the database answers, is migrated, and is as the application needs it.

    Otherwise answer 503 with a sentence.
    """
    try:
        missing = _needed_migrations() - _applied_migrations()
    except Error as error:
        return _failed(request, error)
    if missing:
        names = ", ".join(f"{app}.{name}" for app, name in sorted(missing))
        return _not_ready(request, "Migrations are missing.", f"migrations are missing: {names}")
    try:
        differing, found = differences(), status()
    except Error as error:
        return _failed(request, error)
    late = [sentence(row) for row in found if row["lag_seconds"] > settings.SUBSCRIPTIONS_READY_LAG]
    for reason in [*differing, *late]:
        return _not_ready(request, reason, reason)
    if not _is_fit():
        return _not_ready(request, "The database is not fit: the log says why.", "see above")
    # Commands work while a subscription stands still: so the answer is 200, with a line about it.
    standing = [sentence(row) for row in found if row["trouble"] or row["parked"]]
    return HttpResponse("\n".join(["ok", *standing]), content_type="text/plain")


def _failed(request: HttpRequest, error: Error) -> HttpResponse:
    sentence = "The database does not answer." if passes(error) else UNFIT[0]
    return _not_ready(request, sentence, " ".join(f"{refused_for_good(error)} {error}".split()))


@cache
def _needed_migrations() -> set[tuple[str, str]]:
    """The migrations of the code. They are read once, because that takes 20 ms."""
    return set(MigrationLoader(None).graph.nodes)


def _applied_migrations() -> set[tuple[str, str]]:
    try:
        return set(MigrationRecorder(connection).migration_qs.values_list("app", "name"))
    except ProgrammingError:  # there is no such table yet
        return set()


def _is_fit() -> bool:
    """Whether the database passes the checks that the server makes before it starts.

    They are made each time: the database may have been away at the start, or it may be another one
    now, as after a switch-over.
    """
    found = run_checks(tags=[Tags.database], databases=["default"])
    found = [message for message in found if _counts(message)]
    for message in found:
        log.error(message.msg)
    return not found


def _counts(message: CheckMessage) -> bool:
    """Whether a message would stop a server from starting, or says that the database is away."""
    return not message.is_silenced() and (message.is_serious() or message.id == "operations.W001")


def _not_ready(request: HttpRequest, sentence: str, reason: str) -> HttpResponse:
    """The answer 503 with the sentence; the reason goes to the log."""
    response = HttpResponse(sentence, status=503, content_type="text/plain")
    response.headers["Retry-After"] = "1"
    log_response("%s %s: %s", request.method, request.path, reason, response=response)
    return response
