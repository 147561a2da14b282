"""`manage.py check` says what `http` lacks. It is no app: list this module in INSTALLED_APPS, where
`access`, which asks the same, is not there."""

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
    """Forms have an id and a token, people have names, messages and pages to read."""
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
    """Where in MIDDLEWARE this class is, or one that extends it."""
    wanted = import_string(path)
    for place, listed in enumerate(map(import_string, settings.MIDDLEWARE)):
        if isinstance(listed, type) and issubclass(listed, wanted):
            return place
    return None
