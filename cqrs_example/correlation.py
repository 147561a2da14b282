"""One id for a request, its answer, its lines in the log, and the events that it recorded."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from .http.reading import UUID_PATTERN
from .logs import current

HEADER = "X-Correlation-ID"


def correlate(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Middleware that gives each request an id: the sender's, if that is a UUID, or a new one.

    For a command, `http.context` replaces it by the correlation id.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        sent = request.headers.get(HEADER, "")
        known = re.fullmatch(UUID_PATTERN, sent)
        request.META["REQUEST_ID"] = sent.lower() if known else str(uuid4())
        # It stays set after the answer, since Django logs a refusal after all middleware.
        # gunicorn.conf.py resets it.
        current.set(request.META)
        response = get_response(request)
        response.headers[HEADER] = request.META["REQUEST_ID"]
        if request.method == "HEAD":
            # The Content-Length stays. gunicorn would not send a body, but log a warning about it.
            body = "streaming_content" if response.streaming else "content"
            setattr(response, body, b"")
        return response

    return middleware
