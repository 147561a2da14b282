"""Read your writes: an answer waits until the read models have the events of the command."""

import re
import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from .subscriptions.models import Checkpoint

PATIENCE = 1.0  # seconds that a person waits for the page after a form
MOST = 10  # seconds that a program may ask for: meanwhile it occupies a thread of the server
WAIT = re.compile(r"(?:^|[\s,;])wait=(\d{1,9})(?![\w.])", re.IGNORECASE)
SOON = "The lists will show it in a moment."


def read_your_writes(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that waits for the projections in workers; list it behind Django's messages.

    After a form it waits up to a second; if that was too short, a message says so. A program asks
    for it with `Prefer: wait=5` (RFC 7240), and gets 202 instead of 200 if it took longer. The
    header `Log-Position` has the position of the command's last event.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        position = request.META.get("LOG_POSITION")
        if position and getattr(settings, "SUBSCRIPTIONS", ()):
            response["Log-Position"] = str(position)
            _wait(request, response, position)
        return response

    return middleware


def have_heard(position: int, seconds: float) -> bool:
    """Wait until all projections in workers have heard up to a position.

    Returns False if that took longer, or if one of them stands still.
    """
    deadline, pause = time.monotonic() + seconds, 0.004
    behind = Checkpoint.objects.filter(kind="projection", position__lt=position)
    while troubles := list(behind.values_list("trouble", flat=True)):
        if any(troubles) or time.monotonic() + pause > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    return True


def _wait(request: HttpRequest, response: HttpResponse, position: int) -> None:
    asked = WAIT.search(request.headers.get("Prefer", ""))
    is_page = response.status_code == 303
    if not (asked or is_page):
        return
    try:
        heard = have_heard(position, min(int(asked[1]), MOST) if asked else PATIENCE)
    except (DatabaseError, InterfaceError):
        heard = False  # the command is recorded: it must not be answered with an error
    if asked:
        response["Preference-Applied"] = asked[0].strip(" ,;").lower()
    if not heard and is_page:
        messages.info(request, SOON)
    elif not heard and response.status_code == 200:
        response.status_code = 202
