"""`manage.py check` fails with a sentence when settings.EVENTS is wrong."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .contracts import defined_in


@register
def check_events(**kwargs: Any) -> list[CheckMessage]:
    """Every module imports and holds contracts, and none comes twice."""
    seen: dict[tuple[str, int], str] = {}
    modules = getattr(settings, "EVENTS", [])
    problems = [problem for module in modules for problem in _problems(module, seen)]
    if not modules:
        problems = ['is missing: say where your event contracts are, such as ["shop.events"].']
    return [Error(f"settings.EVENTS: {problem}", id="eventstore.E001") for problem in problems]


def _problems(module: str, seen: dict[tuple[str, int], str]) -> list[str]:
    try:
        contracts = defined_in(module)
    except ImportError as error:
        return [f"{module!r} cannot be imported: {error}."]
    problems = [] if contracts else [f"{module!r} defines no class with a type."]
    for contract in contracts:
        if not getattr(getattr(contract, "__dataclass_params__", None), "frozen", False):
            problems.append(f"{contract} must be a frozen dataclass: events are facts.")
        key = (contract.type, getattr(contract, "schema_version", 0))
        if key in seen:
            problems.append(f"{contract} and {seen[key]} are both {key[0]}, version {key[1]}.")
        seen[key] = str(contract)
    return problems
