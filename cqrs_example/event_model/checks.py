"""`manage.py check` says what this block lacks, and which commands the model lacks."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from ..eventstore.checks import missing_apps
from ..messaging.checks import check_wiring, doubts_are_welcome
from .unlisted import unlisted


@register
def check_event_model(**kwargs: Any) -> list[CheckMessage]:
    """The blocks that this one needs are installed, and `settings.COMMANDS` is there."""
    found = list(missing_apps("event_model", "eventstore", "messaging"))
    if not hasattr(settings, "COMMANDS"):
        sentence = "settings.COMMANDS is missing: the model is drawn from the handlers in it."
        found.append(Error(sentence, id="event_model.E001"))
    return found


@register
def check_commands(**kwargs: Any) -> list[CheckMessage]:
    """`settings.COMMANDS` lists each handler that a view or a policy uses.

    Where other wiring is wrong, only its own check speaks.
    """
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
            hint="Add it to the list, from which the model, simulations and who-hears are made.",
            id="event_model.W001",
        )


def _path(function: Any) -> str:
    return f"{function.__module__}.{function.__name__}"
