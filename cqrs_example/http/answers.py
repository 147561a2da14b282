"""Answers: programs get JSON or one plain sentence, people get pages."""

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

# The errors that the view of a command catches and answers with `refused`.
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
    """The answer to a command that was carried out; `events` is what `execute` returned.

    A program gets 200 without a body. A form is redirected (303) to the page in its field `next`.
    That page shows a message: the sentences that `sentence` makes of the events, or `sentence`
    itself if it is a text. If there are no events, the message says that nothing had to be done.
    """
    # `waiting.py` waits until the read models have heard of this position.
    request.META["LOG_POSITION"] = max((event.position for event in events), default=0)
    if not is_form(request):
        return empty(200)
    message = sentence if isinstance(sentence, str) else " ".join(sentence(e.data) for e in events)
    before = "This was done before, and not again: " if isinstance(events, Repeated) else ""
    messages.success(request, before + (message or NOTHING))
    # 303, "see other", makes the browser fetch the page with GET: a reload sends no command.
    return HttpResponseRedirect(next_page(request), status=303)


def refused(
    request: HttpRequest, error: Exception, template: str, values: Mapping[str, Any]
) -> HttpResponse:
    """The answer to a command that raised one of `REFUSALS`.

    A person who sent a form gets `template` (422). It is rendered with `values`, and with `error`,
    `typed` (the fields as the person sent them) and `next`. Others get the sentence: see `problem`.
    """
    if not (is_form(request) and wants_html(request)):
        return problem(request, error)
    reason = SENT_BEFORE if isinstance(error, CommandIdReused) else error
    page = {**values, "error": reason, "typed": request.POST, "next": next_page(request)}
    return render(request, template, page, status=422)


def problem(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer that says an error as one sentence: text for programs, `problem.html` for people.

    The status is the error's own `status`. Without one it is 422 for a form and for a
    `CommandIdReused`, and otherwise 400.
    """
    status = _status(request, error)
    if wants_html(request):
        return render(request, "problem.html", {"status": status, "error": error}, status=status)
    if isinstance(error, BadInput) and status == 400 and "Accept" not in request.headers:
        return empty(400)  # as the Elixir original answers, so that its clients can come over
    return HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")


def empty(status: int) -> HttpResponse:
    """An answer without a body. Django would give it the Content-Type of a page."""
    response = HttpResponse(status=status)
    del response["Content-Type"]
    return response


def _status(request: HttpRequest, error: Exception) -> int:
    status: int = getattr(error, "status", 422 if isinstance(error, CommandIdReused) else 400)
    return 422 if status == 400 and is_form(request) else status


def next_page(request: HttpRequest) -> str:
    """The address in the form's field `next`, if it is on this site; otherwise the start page.

    A form that another site made could send people to any address without this check.
    """
    page = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    return page if ours else resolve_url(settings.LOGIN_REDIRECT_URL)
