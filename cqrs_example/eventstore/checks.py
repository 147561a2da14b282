"""`manage.py check` fails with a sentence when settings.EVENTS is wrong."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .contracts import contracts, keyed


@register
def check_events(**kwargs: Any) -> list[CheckMessage]:
    """Every module imports and holds event classes, frozen ones; upcasters lead to them."""
    try:
        modules = {module: keyed(str(module)) for module in settings.EVENTS}
    except (AttributeError, ImportError, TypeError, ValueError) as error:
        return [Error(f"settings.EVENTS: {error}.", id="eventstore.E001")]
    problems = [f"{one} defines no event class." for one, found in modules.items() if not found]
    count = Counter(key for found in modules.values() for key, _ in found)
    problems += [f"{key} is defined {many} times." for key, many in count.items() if many > 1]
    for (name, version), one in contracts().items():
        if isinstance(one, type):
            if not getattr(getattr(one, "__dataclass_params__", None), "frozen", False):
                problems.append(f"{one} must be a frozen dataclass: events are facts.")
        elif (name, version + 1) not in count:
            problems.append(f"{name} {version} has an upcaster, but there is no {version + 1}.")
    return [Error(f"settings.EVENTS: {problem}", id="eventstore.E001") for problem in problems]
