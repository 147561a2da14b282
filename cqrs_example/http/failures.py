"""What a failure of the database is answered with: does it pass, or does somebody have to act?"""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response

from ..eventstore.failures import refused_for_good
from .answers import problem
from .reading import BadInput

# SQLSTATEs that pass: no connection, no room, a lock or statement that took too long, a deadlock, a
# server that stops, a standby that waits to be promoted.
PASSING = ("08", "25006", "40", "53", "55", "57", "58")
OURS = ("22", "23")  # a mistake of ours, which is raised
AWAY = "The database does not answer. Try again soon.", 503
UNFIT = (
    "The database is not as the application needs it, and its log says why: ask who runs it.",
    500,
)


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """What a failure of the database is answered with, one of Django's database errors.

    A failure that passes is 503 with `Retry-After`. A retry is safe then, with an Idempotency-Key,
    even when the answer to the commit got lost. A failure that does not pass is 500. Where the
    error is a mistake of ours, such as a value that does not fit a column, it is raised again.
    """
    remedy = refused_for_good(error)
    lost = "08" if isinstance(error, InterfaceError | OperationalError) and not remedy else ""
    sqlstate = getattr(error.__cause__, "sqlstate", None) or lost  # the server said no word
    if sqlstate.startswith(OURS):
        raise error
    passing = sqlstate.startswith(PASSING)
    response = problem(request, BadInput(*(AWAY if passing else UNFIT)))
    if passing:
        response.headers["Retry-After"] = "1"
    reason = " ".join(f"{remedy} {error}".split())
    log_response("%s %s: %s", request.method, request.path, reason, response=response)
    return response
