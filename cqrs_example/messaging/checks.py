"""`manage.py check` fails with a sentence when PROJECTIONS or POLICIES are wrong."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string


@register
def check_wiring(**kwargs: Any) -> list[CheckMessage]:
    """Every projection is a module with project() and MODELS, every policy a function."""
    return [*_check("PROJECTIONS", _check_projection), *_check("POLICIES", _check_policy)]


@register
def check_transactions(**kwargs: Any) -> list[CheckMessage]:
    """A command's transaction is its own: ATOMIC_REQUESTS would wrap it in another."""
    if not settings.DATABASES["default"].get("ATOMIC_REQUESTS"):
        return []
    return [Error("ATOMIC_REQUESTS must be off: a command commits by itself.", id="messaging.E003")]


def _check(setting: str, check_entry: Callable[[str], None]) -> list[CheckMessage]:
    entries = getattr(settings, setting, None)
    if not isinstance(entries, dict):
        return [Error(f"settings.{setting} must be a dict, name → path.", id="messaging.E001")]
    errors: list[CheckMessage] = []
    for name, path in entries.items():
        try:
            check_entry(path)
        except (ImportError, AttributeError, TypeError) as error:
            errors.append(Error(f"settings.{setting}[{name!r}]: {error}.", id="messaging.E002"))
    return errors


def _check_projection(path: str) -> None:
    module = import_module(path)
    if not callable(getattr(module, "project", None)):
        raise TypeError(f"{path} has no function project(events)")
    if not getattr(module, "MODELS", None):
        raise TypeError(f"{path} has no list MODELS of the models that it writes")


def _check_policy(path: str) -> None:
    if not callable(import_string(path)):
        raise TypeError(f"{path} is not a function policy(tx, event)")
