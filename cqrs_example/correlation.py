"""One id on a request, its answer, each line logged on the way, and the events that it recorded."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from .http.reading import UUID_PATTERN
from .logs import current

HEADER = "X-Correlation-ID"


def correlate(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Middleware: the id is the sender's, if that is a UUID; where a command is carried out, it is
    the correlation id (see `http.context`)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        sent = request.headers.get(HEADER, "")
        known = re.fullmatch(UUID_PATTERN, sent)
        request.META["REQUEST_ID"] = sent.lower() if known else str(uuid4())
        # Taken back by gunicorn.conf.py: Django writes its line on a refusal after all middleware.
        current.set(request.META)
        response = get_response(request)
        response.headers[HEADER] = request.META["REQUEST_ID"]
        if request.method == "HEAD":
            # Its Content-Length stays; gunicorn would not send the rest, and log a warning.
            body = "streaming_content" if response.streaming else "content"
            setattr(response, body, b"")
        return response

    return middleware
