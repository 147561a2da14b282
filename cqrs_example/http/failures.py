"""The answer when the database fails: 503 if the failure passes, 500 if somebody has to act."""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response

from ..eventstore.failures import refused_for_good
from .answers import problem
from .reading import BadInput

# The beginnings of the SQLSTATEs of failures that pass: no connection, a standby that is not
# promoted yet, a deadlock, no room, a lock that took too long, a statement that took too long or a
# server that stops, an error of its system.
PASSING = ("08", "25006", "40", "53", "55", "57", "58")
OURS = ("22", "23")  # a value or a row that the tables do not allow: a mistake in the code
AWAY = "The database does not answer. Try again soon.", 503
UNFIT = (
    "The database is not as the application needs it: ask those who run it, its log says why.",
    500,
)


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to a failure of the database; `error` is one of Django's database errors.

    A failure that passes is 503 with `Retry-After`. With an Idempotency-Key the client can safely
    send the request again, even if the command was committed and only the answer got lost. A
    failure that does not pass is 500. An error that the code caused, such as a value that does not
    fit its column, is raised again.
    """
    if _sqlstate(error).startswith(OURS):
        raise error
    response = problem(request, BadInput(*(AWAY if passes(error) else UNFIT)))
    if passes(error):
        response.headers["Retry-After"] = "1"
    reason = " ".join(f"{refused_for_good(error)} {error}".split())
    log_response("%s %s: %s", request.method, request.path, reason, response=response)
    return response


def passes(error: Exception) -> bool:
    """Whether the database may answer the next time, without that somebody changes it."""
    return _sqlstate(error).startswith(PASSING)


def _sqlstate(error: Exception) -> str:
    # An error without an SQLSTATE does not come from the server: the connection was lost.
    lost = isinstance(error, InterfaceError | OperationalError) and not refused_for_good(error)
    return getattr(error.__cause__, "sqlstate", None) or ("08" if lost else "")
