"""What `manage.py check` says about access; with `--deploy`, what must not be in production."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string


@register
def check_permissions(**kwargs: Any) -> list[CheckMessage]:
    """Each permission names the view that takes it."""
    errors: list[CheckMessage] = []
    for name, path in settings.PERMISSIONS.items():
        try:
            import_string(path)
        except ImportError as error:
            problem = f"settings.PERMISSIONS[{name!r}] = {path!r}: {error}."
            errors.append(Error(problem, id="access.E001"))
    return errors


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
