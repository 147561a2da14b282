"""`manage.py check` says what this block lacks."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from ..eventstore.checks import missing_apps
from ..messaging.checks import check_wiring, doubts_are_welcome
from .unlisted import unlisted


@register
def check_event_model(**kwargs: Any) -> list[CheckMessage]:
    """The log, its wiring and the list of commands are there."""
    found = list(missing_apps("event_model", "eventstore", "messaging"))
    if not hasattr(settings, "COMMANDS"):
        sentence = "settings.COMMANDS is missing: the model is drawn from the handlers in it."
        found.append(Error(sentence, id="event_model.E001"))
    return found


@register
def check_commands(**kwargs: Any) -> list[CheckMessage]:
    """No line in `settings.COMMANDS` was forgotten, where the others are right."""
    if not doubts_are_welcome() or not hasattr(settings, "COMMANDS"):
        return []
    if any(message.is_serious() for message in check_wiring()):
        return []
    return list(_forgotten())


def _forgotten() -> Iterator[CheckMessage]:
    for function, handler in unlisted():
        both = f"{_path(function)} carries out {_path(handler)}"
        yield Warning(
            f"{both}, which settings.COMMANDS does not name.",
            hint="Add it to the list: only what is there is drawn, simulated and in who-hears.",
            id="event_model.W001",
        )


def _path(function: Any) -> str:
    return f"{function.__module__}.{function.__name__}"
