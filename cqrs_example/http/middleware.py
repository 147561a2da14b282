"""What holds for every request, whichever view it is for."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from .answers import negotiated, problem
from .reading import BadInput, require_length

logger = logging.getLogger(__name__)


class EdgeMiddleware:
    """Refuses bodies that are too large, and says 503 when the database does not answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            # Before the CSRF middleware, which reads a form whatever its size.
            require_length(request)
        except BadInput as error:
            return negotiated(problem(request, error))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """No connection, a lock or a statement that took too long, a full disk: come back later.

        A retry is safe with an Idempotency-Key, even if the answer to the commit was lost.
        """
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        logger.error("%s %r: %s", request.method, request.path, str(error).strip())
        unavailable = BadInput("The database does not answer. Try again soon.", 503)
        response = negotiated(problem(request, unavailable))
        response.headers["Retry-After"] = "1"
        return response
