"""The decorator of every view: it checks requests, and turns errors into answers."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from .accept import preferred_type
from .answers import REFUSALS, problem
from .failures import unavailable
from .reading import MOST_BYTES, BadInput, is_json, require_readable

View = Callable[..., Any]  # to a response, which may be streamed
Decorator = Callable[[View], View]


def endpoint(*methods: str, fields: Iterable[str] = (), most_bytes: int = MOST_BYTES) -> Decorator:
    """Make a view answer programs and people, and only these methods.

    A program's JSON may have the `fields`, and fields named as the variables of the URL, whose
    values the URL decides. It is refused if it has another field, such as a misspelt one: that
    value would be missing in the log for ever. A body may have `most_bytes`. A form needs its CSRF
    token, JSON needs none (see `is_json`). A sender who accepts neither JSON nor a page gets 406
    before anything is done.

    One of `REFUSALS` that the view raises becomes an answer of one sentence (see `problem`). A
    database that does not answer becomes 503 (see `unavailable`).
    """

    def decorate(view: View) -> View:
        protected = csrf_protect(view)

        @wraps(view)
        def edge(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            def run() -> Any:
                require_readable(request, {*fields, *kwargs}, most_bytes)
                return (view if is_json(request) else protected)(request, *args, **kwargs)

            response = _reply(request, methods, run)
            if response.status_code == 405:
                response.headers["Allow"] = ", ".join(methods)
            patch_vary_headers(response, ["Accept"])
            response.headers.setdefault("Cache-Control", "max-age=0, private, must-revalidate")
            return response

        edge.methods = methods  # type: ignore[attr-defined]
        return csrf_exempt(edge)

    return decorate


def _reply(request: HttpRequest, methods: Sequence[str], run: View) -> Any:
    try:
        if request.method not in methods:
            raise BadInput(f"Use {' or '.join(methods)} here, not {request.method}.", 405)
        if preferred_type(request) is None:
            raise BadInput("Not Acceptable", 406)
        return run()
    except REFUSALS as error:
        return problem(request, error)
    except (DatabaseError, InterfaceError) as error:
        return unavailable(request, error)
