"""Addresses as they are asked for: by probes, and with a slash at the end."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import is_valid_path

from . import health
from .telemetry.exposition import metrics

PROBES = {"/healthz": health.healthz, "/readyz": health.readyz, "/metrics": metrics}
Handler = Callable[[HttpRequest], HttpResponse]


def probes(get_response: Handler) -> Handler:
    """Middleware: a probe is answered before anything looks at the Host, which is an address there,
    and before anything asks for https."""

    def middleware(request: HttpRequest) -> HttpResponse:
        view = PROBES.get(request.path_info.rstrip("/"))
        return view(request) if view else get_response(request)

    return middleware


def slashes(get_response: Handler) -> Handler:
    """Middleware: a slash too many at the end leads to the same place, as in Phoenix; the pages of
    Django's admin, whose addresses have one, are found as they are."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked, shorter = request.path_info, request.path_info.rstrip("/")
        if asked != shorter and not is_valid_path(asked) and is_valid_path(shorter):
            request.path_info, request.path = shorter, request.path.rstrip("/")
        return get_response(request)

    return middleware
