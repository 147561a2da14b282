"""Answers are compressed for whoever accepts that."""

from django.http import HttpRequest
from django.middleware.gzip import GZipMiddleware


class Compression(GZipMiddleware):
    """Django's, which adds a random number of bytes to each page, so that nobody learns from its
    length what is in it (BREACH).

    It makes the ETag of what it compresses a weak one, `W/"…"`. WhiteNoise would not know its own
    ETag in that, and send a static file again that the browser has. So the mark is taken off when
    the browser asks: `If-None-Match` compares weakly anyway (RFC 9110, 13.1.2).
    """

    def process_request(self, request: HttpRequest) -> None:
        if etags := request.META.get("HTTP_IF_NONE_MATCH"):
            request.META["HTTP_IF_NONE_MATCH"] = etags.replace('W/"', '"')
