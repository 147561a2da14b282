"""What every view of the application has in common."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from .answers import REFUSALS, negotiated, preferred_type, problem
from .reading import is_json, require_known_type

View = Callable[..., HttpResponse]


def endpoint(*methods: str) -> Callable[[View], View]:
    """Make a view answer to programs and to people, and to these methods only.

    Nothing is done for a sender who cannot read the answer (406). A form needs its CSRF token,
    JSON needs none (see `is_json`). Refusals that the view leaves alone become one sentence.
    """

    def decorate(view: View) -> View:
        protected = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def edge(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                response = _not_allowed(request, methods)
            elif preferred_type(request) is None:
                response = HttpResponse("Not Acceptable", status=406, content_type="text/plain")
            else:
                response = _answer(protected, view, request, *args, **kwargs)
            response = negotiated(response)
            return _without_body(response) if request.method == "HEAD" else response

        return edge

    return decorate


def _answer(
    protected: View, view: View, request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponse:
    try:
        if request.method == "POST":
            require_known_type(request)
        return (view if is_json(request) else protected)(request, *args, **kwargs)
    except REFUSALS as error:
        return problem(request, error)


def _not_allowed(request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    sentence = f"{request.method} is not for this address: it takes {' and '.join(methods)}."
    return HttpResponseNotAllowed(methods, sentence, content_type="text/plain; charset=utf-8")


def _without_body(response: HttpResponse) -> HttpResponse:
    response.headers["Content-Length"] = str(len(response.content))
    response.content = b""
    return response
