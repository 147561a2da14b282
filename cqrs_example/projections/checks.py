"""`manage.py check` fails with a sentence when settings.INVARIANTS is wrong."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string


@register
def check_invariants(**kwargs: Any) -> list[CheckMessage]:
    """Invariants are functions: `verify` would stumble over a wrong one, long after the start."""
    invariants = getattr(settings, "INVARIANTS", None)
    if not isinstance(invariants, dict):
        return [Error("settings.INVARIANTS must be a dict.", id="projections.E002")]
    errors: list[CheckMessage] = []
    for name, path in invariants.items():
        try:
            if not callable(import_string(path)):
                raise ImportError("this is no function invariant(stream)")
        except ImportError as error:
            problem = f"settings.INVARIANTS[{name!r}] = {path!r}: {error}."
            errors.append(Error(problem, id="projections.E001"))
    return errors
