"""`manage.py check` fails with a sentence when settings.EVENTS is wrong."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .contracts import defined_in


@register
def check_events(**kwargs: Any) -> list[CheckMessage]:
    """Every module imports and holds contracts, frozen ones, and none comes twice."""
    try:
        modules = {module: defined_in(module) for module in settings.EVENTS}
    except (AttributeError, ImportError) as error:
        return [Error(f"settings.EVENTS: {error}.", id="eventstore.E001")]
    problems = [f"{one} defines no event class." for one, found in modules.items() if not found]
    contracts = [contract for found in modules.values() for contract in found]
    for contract in contracts:
        how = getattr(contract, "__dataclass_params__", None)
        if not (how and how.frozen and hasattr(contract, "schema_version")):
            problems.append(f"{contract} must be a frozen dataclass with a schema_version.")
    keys = Counter((one.type, getattr(one, "schema_version", None)) for one in contracts)
    problems += [f"{key} is defined {count} times." for key, count in keys.items() if count > 1]
    return [Error(f"settings.EVENTS: {problem}", id="eventstore.E001") for problem in problems]
