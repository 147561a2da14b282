"""`manage.py check` says which settings and templates `http` lacks.

`http` is no app. List this module in INSTALLED_APPS, unless the block `access` is installed, which
runs the same check.
"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.shortcuts import resolve_url
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch
from django.utils.module_loading import import_string

COMMAND_ID = f"{__package__}.context_processors.command_id"
MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)


@register
def check_http(**kwargs: Any) -> list[CheckMessage]:
    """The settings name the middleware and the context processor that forms need, the project has a
    page that shows a refusal, and the page after a form can be found."""
    found: list[CheckMessage] = [
        Error(f"settings.MIDDLEWARE lacks {path!r}, which http needs.", id="http.E001")
        for path in MIDDLEWARE
        if place_in_middleware(path) is None
    ]
    engines: list[dict[str, Any]] = settings.TEMPLATES
    options: list[dict[str, Any]] = [engine.get("OPTIONS", {}) for engine in engines]
    processors = [path for each in options for path in each.get("context_processors", [])]
    if COMMAND_ID not in processors:
        sentence = (
            f"settings.TEMPLATES lacks the context processor {COMMAND_ID!r}: without it a form that"
            " is sent twice counts twice."
        )
        found.append(Error(sentence, id="http.E002"))
    try:
        get_template("problem.html")
    except TemplateDoesNotExist as missing:
        sentence = f"There is no template {missing}: http shows people a refusal with problem.html."
        found.append(Error(sentence, id="http.E003"))
    try:
        resolve_url(settings.LOGIN_REDIRECT_URL)
    except NoReverseMatch:
        sentence = f"settings.LOGIN_REDIRECT_URL = {settings.LOGIN_REDIRECT_URL!r} is no URL's name"
        found.append(Error(f"{sentence}, and no path.", id="http.E004"))
    return found


def place_in_middleware(path: str) -> int | None:
    """The index in MIDDLEWARE of the class with this path or of one that extends it; else None."""
    wanted = import_string(path)
    for place, listed in enumerate(map(import_string, settings.MIDDLEWARE)):
        if isinstance(listed, type) and issubclass(listed, wanted):
            return place
    return None
