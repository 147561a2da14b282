"""Answers: JSON or one plain sentence for programs, pages for people."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from ..eventstore import RecordedEvent
from ..messaging import CommandIdReused, DomainError, Repeated
from ..messaging.transaction import E
from .accept import wants_html
from .reading import BadInput, is_form

# What a view of a command answers with `refused`.
REFUSALS = (BadInput, DomainError, CommandIdReused)
NOTHING = "Nothing had to be done: it is so already."
SENT_BEFORE = "Nothing was done: this form had been sent before. Check it, then send it again."


def as_json(value: Any) -> HttpResponse:
    """A value as compact JSON in UTF-8, with the status 200."""
    style = {"ensure_ascii": False, "separators": (",", ":")}
    kind = "application/json; charset=utf-8"
    return JsonResponse(value, safe=False, json_dumps_params=style, content_type=kind)


def done(
    request: HttpRequest, events: Sequence[RecordedEvent[E]], sentence: Callable[[E], str] | str
) -> HttpResponse:
    """What a command that was carried out is answered with. `events` is what `execute` returned.

    A program gets 200 without a body. A form is led on (303) to the page in its field `next`, where
    the person reads what `sentence` says of each event, or the one that is given for all; or,
    where the handler found that nothing had to happen, that.
    """
    # For `waiting.py`, which waits until read models have heard of it.
    request.META["LOG_POSITION"] = max((event.position for event in events), default=0)
    if not is_form(request):
        return empty(200)
    said = sentence if isinstance(sentence, str) else " ".join(sentence(e.data) for e in events)
    before = "This was done before, and not again: " if isinstance(events, Repeated) else ""
    messages.success(request, before + (said or NOTHING))
    # "See other": reloading that page repeats nothing.
    return HttpResponseRedirect(next_page(request), status=303)


def refused(
    request: HttpRequest, error: Exception, template: str, values: Mapping[str, Any]
) -> HttpResponse:
    """What a command that raised one of `REFUSALS` is answered with.

    A person who sent a form gets `template` (422). It is rendered with `values` and with `error`,
    `typed` (what the form had) and `next`. Anybody else gets the sentence: see `problem`.
    """
    if not (is_form(request) and wants_html(request)):
        return problem(request, error)
    reason = SENT_BEFORE if isinstance(error, CommandIdReused) else error
    page = {**values, "error": reason, "typed": request.POST, "next": next_page(request)}
    return render(request, template, page, status=422)


def problem(request: HttpRequest, error: Exception) -> HttpResponse:
    """An error as one sentence: as text for programs, in `problem.html` for people.

    The status is the error's own `status`. Without one it is 422 for a form and for a
    `CommandIdReused`, and otherwise 400.
    """
    status = _status(request, error)
    if wants_html(request):
        return render(request, "problem.html", {"status": status, "error": error}, status=status)
    if isinstance(error, BadInput) and status == 400 and "Accept" not in request.headers:
        return empty(400)  # as the original answers
    return HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")


def empty(status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    del response["Content-Type"]
    return response


def _status(request: HttpRequest, error: Exception) -> int:
    status: int = getattr(error, "status", 422 if isinstance(error, CommandIdReused) else 400)
    return 422 if status == 400 and is_form(request) else status


def next_page(request: HttpRequest) -> str:
    """Where the form came from, if that is one of our own pages: nobody is sent elsewhere."""
    page = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    return page if ours else resolve_url(settings.LOGIN_REDIRECT_URL)
