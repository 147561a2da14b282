"""`manage.py check` says what this block needs, and which read models keep personal data."""

from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from ..eventstore.checks import missing_apps

EVENTS = f"{__package__}.events"


def check_privacy(**kwargs: Any) -> list[CheckMessage]:
    """Check that the library and the events are there, and that read models hear the events."""
    if missing := list(missing_apps("privacy", "eventstore", "messaging")):
        return missing
    if not find_spec("cryptography"):
        sentence = "cryptography, with which this block encrypts, is not installed (pip install …)."
        return [Error(sentence, id="privacy.E001")]
    modules = getattr(settings, "EVENTS", None)
    if not isinstance(modules, list | tuple) or EVENTS not in modules:
        sentence = f"settings.EVENTS must name {EVENTS!r}: `forget` records an event of it."
        return [Error(sentence, id="privacy.E002")]
    return [
        Warning(
            f"The projection {name!r} hears events with personal data, but not PersonForgotten: let"
            " it hear that event and erase its rows, or rebuild it after each person is forgotten.",
            id="privacy.W001",
        )
        for name, hears in _readers()
        if not hears
    ]


def _readers() -> list[tuple[str, bool]]:
    from .readers import readers  # it needs the library

    try:
        return list(readers())
    except (AttributeError, ImportError, TypeError, ValueError):
        return []  # the checks of messaging say what is wrong
