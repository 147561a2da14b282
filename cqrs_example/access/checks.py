"""What `manage.py check` says about access; with `--deploy`, what must not be in production."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string

from .permissions import needed


@register
def check_permissions(**kwargs: Any) -> list[CheckMessage]:
    """Each permission names its view, and no endpoint that takes a POST is forgotten."""
    errors: list[CheckMessage] = []
    for name, path in settings.PERMISSIONS.items():
        try:
            import_string(path)
        except ImportError as error:
            problem = f"settings.PERMISSIONS[{name!r}] = {path!r}: {error}."
            errors.append(Error(problem, id="access.E001"))
    return errors or [_open_to_all(view) for view in _views() if _is_forgotten(view)]


def _views(patterns: list[Any] | None = None) -> Iterator[Any]:
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            yield from _views(one.url_patterns)
        elif isinstance(one, URLPattern):
            yield one.callback


def _is_forgotten(view: Any) -> bool:
    """The views of the admin, which are no endpoints, ask for permissions of their own."""
    changes = "POST" in getattr(view, "methods", ())
    return changes and getattr(view, "login_required", True) and needed(view) is None


def _open_to_all(view: Any) -> CheckMessage:
    problem = f"{view.__module__}.{view.__name__} takes a POST from every account."
    return Error(problem, hint="Name it in settings.PERMISSIONS.", id="access.E002")


@register(Tags.security, deploy=True)
def check_production(**kwargs: Any) -> list[CheckMessage]:
    """What is well for trying out, and lets anyone in elsewhere."""
    found: list[CheckMessage] = []
    if settings.OPEN_MODE:
        sentence = "OPEN_MODE=1: everyone may see and do everything. Set OPEN_MODE=0."
        found.append(Warning(sentence, id="access.W001"))
    if "*" in settings.ALLOWED_HOSTS:
        sentence = "ALLOWED_HOSTS is *: name the hosts that this is served as."
        found.append(Warning(sentence, id="access.W002"))
    if settings.DATABASES["default"]["ENGINE"] == "dev.embedded":
        sentence = "DATABASE_URL is not set: the embedded Postgres is for trying out."
        found.append(Warning(sentence, id="access.W003"))
    return found
