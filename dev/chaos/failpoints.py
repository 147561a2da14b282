"""Where a process can be made to die or to fail: while a file of this name is in CHAOS_FOLDER."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from django.http import HttpRequest, HttpResponse

from cqrs_example.eventstore import Event, RecordedEvent

MODELS: list[type] = []

DIE_BEFORE_ANSWER = "die-between-commit-and-answer"
DIE_BEFORE_PROJECTION = "die-between-event-and-projection"
RAISE = "raise-on-every-seventh-event"


def at(name: str) -> Path:
    return Path(os.environ["CHAOS_FOLDER"], name)


def die_once(name: str) -> None:
    """One process dies for each time that the file is put there: removing it tells who."""
    try:
        at(name).unlink()
    except FileNotFoundError:
        return
    os._exit(9)


def project(events: Sequence[RecordedEvent[Event]]) -> None:
    """A projection, first in order: the event is inserted, and no read model has heard of it."""
    positions = [event.position for event in events]
    die_once(DIE_BEFORE_PROJECTION)
    if at(RAISE).exists() and any(position % 7 == 0 for position in positions):
        raise RuntimeError("A handler that fails, as the harness asked.")


def after_commit(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Middleware: the command is carried out, and nobody was told."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "POST":
            die_once(DIE_BEFORE_ANSWER)
        return response

    return middleware
