"""Middleware for addresses: those of probes, and those with a slash too many at the end."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import is_valid_path

from . import health
from .telemetry.exposition import metrics

PROBES = {"/healthz": health.healthz, "/readyz": health.readyz, "/metrics": metrics}
Handler = Callable[[HttpRequest], HttpResponse]


def probes(get_response: Handler) -> Handler:
    """Middleware that answers probes first, before others check the Host or redirect to https.

    The Host of a probe is often an address, and the probe comes over http.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        view = PROBES.get(request.path_info.rstrip("/"))
        return view(request) if view else get_response(request)

    return middleware


def slashes(get_response: Handler) -> Handler:
    """Middleware that ignores a slash too many at the end of an address, as Phoenix does.

    Addresses that have such a slash, as in Django's admin, are left alone.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        path, shorter = request.path_info, request.path_info.rstrip("/")
        if path != shorter and not is_valid_path(path) and is_valid_path(shorter):
            request.path_info, request.path = shorter, request.path.rstrip("/")
        return get_response(request)

    return middleware
