"""Answers: JSON or one plain sentence for programs, pages for people."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from ..messaging import CommandIdReused, DomainError
from .reading import BadInput, is_form

# What a view of a command answers with `refused`.
REFUSALS = (BadInput, DomainError, CommandIdReused)


def preferred_type(request: HttpRequest) -> str | None:
    """What the sender would rather read; None when it can read neither."""
    return request.get_preferred_type(["application/json", "text/html"])


def wants_html(request: HttpRequest) -> bool:
    return preferred_type(request) == "text/html"


def as_json(value: Any) -> HttpResponse:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_iso)
    return HttpResponse(text, content_type="application/json; charset=utf-8")


def done(request: HttpRequest, sentence: str) -> HttpResponse:
    """The command was carried out: nothing more to say to a program; people go on to `next`."""
    if not is_form(request):
        return empty(200)
    messages.success(request, sentence)
    response = HttpResponseRedirect(_next(request))
    response.status_code = 303  # "see other": reloading that page repeats nothing
    return response


def refused(
    request: HttpRequest, error: Exception, template: str, values: Mapping[str, Any]
) -> HttpResponse:
    """The command was not carried out. A person who sent a form gets it back with the error."""
    if not (is_form(request) and wants_html(request)):
        return problem(request, error)
    typed = request.POST.dict()
    page = {**values, "error": str(error), "typed": typed, "next": _next(request)}
    return render(request, template, page, status=422)


def problem(request: HttpRequest, error: Exception) -> HttpResponse:
    """An error as one sentence, on a page for people."""
    status = _status(request, error)
    if wants_html(request):
        return render(request, "problem.html", {"status": status, "error": error}, status=status)
    if isinstance(error, BadInput) and status == 400 and "Accept" not in request.headers:
        return empty(400)  # as the original answers
    return HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")


def negotiated(response: HttpResponse) -> HttpResponse:
    """Others may get another answer from the same address: caches must know, and ask again."""
    patch_vary_headers(response, ["Accept"])
    response.headers.setdefault("Cache-Control", "max-age=0, private, must-revalidate")
    return response


def empty(status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    del response["Content-Type"]
    return response


def _status(request: HttpRequest, error: Exception) -> int:
    if isinstance(error, CommandIdReused):
        return 422
    status = error.status if isinstance(error, BadInput) else 400
    return 422 if status == 400 and is_form(request) else status


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in JSON.")


def _next(request: HttpRequest) -> str:
    """Where the form came from, if that is one of our own pages: nobody is sent elsewhere."""
    page = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    return page if ours else "/"
