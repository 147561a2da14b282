"""`manage.py check` fails with a sentence when PROJECTIONS or POLICIES are wrong."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string


@register
def check_wiring(**kwargs: Any) -> list[CheckMessage]:
    """Projections are modules with project() and MODELS, policies are functions."""
    errors: list[CheckMessage] = []
    for setting, check_entry in (("PROJECTIONS", _projection), ("POLICIES", _policy)):
        entries = getattr(settings, setting, None)
        if not isinstance(entries, dict):
            errors.append(Error(f"settings.{setting} must be a dict.", id="messaging.E002"))
            continue
        for name, path in entries.items():
            try:
                check_entry(str(path))
            except (ImportError, TypeError, ValueError) as error:
                problem = f"settings.{setting}[{name!r}] = {path!r}: {error}."
                errors.append(Error(problem, id="messaging.E001"))
    return errors


def _projection(path: str) -> None:
    module = import_module(path)
    if not (callable(getattr(module, "project", None)) and hasattr(module, "MODELS")):
        raise ImportError("the module needs a function project(events) and a list MODELS")


def _policy(path: str) -> None:
    if not callable(import_string(path)):
        raise ImportError("this is no function policy(tx, event)")
