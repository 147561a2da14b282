"""`manage.py check` fails with a sentence when settings.EVENTS is wrong."""

from dataclasses import is_dataclass
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .contracts import defined_in


@register
def check_events(**kwargs: Any) -> list[CheckMessage]:
    """Every module imports, holds contracts, and no type and schema version comes twice."""
    if not hasattr(settings, "EVENTS"):
        hint = 'Say where your event contracts are, for example EVENTS = ["shop.events"].'
        return [Error("The setting EVENTS is missing.", hint=hint, id="eventstore.E001")]
    seen: dict[tuple[str, int], str] = {}
    return [
        Error(f"settings.EVENTS: {problem}", id="eventstore.E002")
        for module in settings.EVENTS
        for problem in _problems(module, seen)
    ]


def _problems(module: str, seen: dict[tuple[str, int], str]) -> list[str]:
    try:
        contracts = list(defined_in(module))
    except ImportError as error:
        return [f"{module!r} cannot be imported: {error}."]
    if not contracts:
        return [f"{module!r} defines no dataclass with a type and a schema_version."]
    problems = []
    for contract in contracts:
        key, name = (contract.type, contract.schema_version), f"{module}.{contract.__name__}"
        if key in seen:
            problems.append(f"{name} and {seen[key]} are both {key[0]}, schema version {key[1]}.")
        if not is_dataclass(contract) or not contract.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            problems.append(f"{name} must be a frozen dataclass: events are facts.")
        seen[key] = name
    return problems
