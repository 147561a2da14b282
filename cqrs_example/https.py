"""Log a warning about a proxy that says https and is not trusted: otherwise nobody finds it."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

log = logging.getLogger(__name__)
SAYING = ("X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Ssl", "Forwarded")


def unbelieved(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Middleware that logs redirects to https which never end; list it before SecurityMiddleware.

    If a proxy is not named in FORWARDED_ALLOW_IPS, each request that came to it by https is
    redirected to the same address again.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        redirected = response.headers.get("Location", "").startswith("https://")
        if redirected and not request.is_secure() and (said := _says_https(request)):
            log.warning(
                "%s says https (%s), but is not named in FORWARDED_ALLOW_IPS, or says it in a way"
                " that gunicorn does not read: its clients are redirected for ever. Name it, and"
                " let it set X-Forwarded-Proto.",
                request.META.get("REMOTE_ADDR") or "The other end of the socket",
                said,
            )
        return response

    return middleware


def _says_https(request: HttpRequest) -> str:
    """The name of the header that says https, or ""."""
    values = ((name, request.headers.get(name, "").lower()) for name in SAYING)
    return next((n for n, value in values if "https" in value or value in ("on", "ssl", "1")), "")
