"""`manage.py check` says what this block lacks."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from ..eventstore.checks import missing_apps


@register
def check_event_model(**kwargs: Any) -> list[CheckMessage]:
    """The log, its wiring and the list of commands are there."""
    found = list(missing_apps("event_model", "eventstore", "messaging"))
    if not hasattr(settings, "COMMANDS"):
        sentence = "settings.COMMANDS is missing: the model is drawn from the handlers in it."
        found.append(Error(sentence, id="event_model.E001"))
    return found
