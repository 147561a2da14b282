"""`manage.py check` says what is wrong in the settings of access; `check --deploy` says which of
them are for trying out only."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.shortcuts import resolve_url
from django.urls import (
    NoReverseMatch,
    Resolver404,
    URLPattern,
    URLResolver,
    get_resolver,
    resolve,
)
from django.utils.module_loading import import_string

from ..http.checks import MIDDLEWARE, place_in_middleware  # registers the checks of http, too
from .configuration import problems, setting
from .permissions import needed

ACCESS = f"{__package__}.middleware.Access"
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
# Views that check permissions themselves, or that people need in order to log in.
OWN = ("django.contrib.admin.sites.", "django.contrib.auth.views.")


@register
def check_permissions(**kwargs: Any) -> list[CheckMessage]:
    """PERMISSIONS names views that exist, and each endpoint that takes a POST. No other view can be
    used to change something without a login, unless OPEN_VIEWS names it."""
    errors: list[CheckMessage] = [Error(problem, id="access.E003") for problem in problems()]
    if errors:
        return errors
    errors += _unresolved("PERMISSIONS", setting("PERMISSIONS").items())
    open_views: list[str] = setting("OPEN_VIEWS")
    errors += _unresolved("OPEN_VIEWS", enumerate(open_views))
    if errors:
        return errors
    views = list(_views())
    errors += [_open_to_all(view) for view in views if _is_forgotten(view)]
    exempt = [(view, methods) for view in views if (methods := _changing_without_login(view))]
    return [*errors, *(_exempt(view, methods) for view, methods in exempt)]


@register
def check_way_in(**kwargs: Any) -> list[CheckMessage]:
    """MIDDLEWARE has that of access, behind those that it needs, and LOGIN_URL leads to a page."""
    found: list[CheckMessage] = []
    ours = place_in_middleware(ACCESS)
    others = [place_in_middleware(path) for path in MIDDLEWARE]
    if ours is None or any(place is not None and place > ours for place in others):
        sentence = f"settings.MIDDLEWARE must have {ACCESS!r}, behind Django's for sessions, CSRF,"
        found.append(Error(f"{sentence} authentication and messages.", id="access.E005"))
    try:
        page = resolve_url(settings.LOGIN_URL)
        if page.startswith("/") and not page.startswith("//"):  # not one of another server
            resolve(page.partition("?")[0])
    except (NoReverseMatch, Resolver404):
        sentence = f"settings.LOGIN_URL = {settings.LOGIN_URL!r} leads nowhere: include access.urls"
        found.append(Error(f'{sentence}, and set LOGIN_URL = "login".', id="access.E006"))
    return found


def _unresolved(name: str, paths: Iterable[tuple[Any, str]]) -> Iterator[CheckMessage]:
    for key, path in paths:
        try:
            import_string(path)
        except ImportError as error:
            yield Error(f"settings.{name}[{key!r}] = {path!r}: {error}.", id="access.E001")


def _views(patterns: list[Any] | None = None) -> Iterator[Any]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.callback


def _is_forgotten(view: Any) -> bool:
    """Whether an endpoint takes a POST and no permission.

    The views of the admin are no endpoints, and have permissions of their own.
    """
    changes = "POST" in getattr(view, "methods", ())
    return changes and getattr(view, "login_required", True) and needed(view) is None


def _open_to_all(view: Any) -> CheckMessage:
    problem = f"{view.__module__}.{view.__name__} accepts a POST from every account."
    return Error(problem, hint="Name it in settings.PERMISSIONS.", id="access.E002")


def _changing_without_login(view: Any) -> Collection[str]:
    """The methods that change something and need no login, of a view that OPEN_VIEWS lacks."""
    if getattr(view, "login_required", True) or _name(view).startswith(OWN):
        return ()
    allowed = [import_string(path) for path in setting("OPEN_VIEWS")]
    return () if view in allowed or _class_of(view) in allowed else _methods(view) & CHANGING


def _methods(view: Any) -> set[str]:
    """The methods that a view answers to.

    An endpoint and a viewset of Django REST framework list them. A class has a function for each. A
    plain function may take all that change something.
    """
    if methods := getattr(view, "methods", None):
        return set(methods)
    if (actions := getattr(view, "actions", None)) is not None:
        return {method.upper() for method in actions}
    cls = _class_of(view)
    return {method for method in CHANGING if cls is None or hasattr(cls, method.lower())}


def _class_of(view: Any) -> Any:
    return getattr(view, "view_class", None) or getattr(view, "cls", None)


def _name(view: Any) -> str:
    named = _class_of(view) or view
    return f"{named.__module__}.{getattr(named, '__qualname__', type(named).__qualname__)}"


def _exempt(view: Any, methods: Collection[str]) -> CheckMessage:
    problem = f"{_name(view)} accepts {', '.join(sorted(methods))} without a login."
    hint = (
        "A view of Django REST framework needs an authentication and a permission class (see"
        " docs/copying.md). Name the view in settings.OPEN_VIEWS if it checks who sends the request"
        " itself, or if everyone may use it."
    )
    return Error(problem, hint=hint, id="access.E004")


@register(Tags.security, deploy=True)
def check_production(**kwargs: Any) -> list[CheckMessage]:
    """Settings that are right for trying out, and that let anyone in on a server."""
    found: list[CheckMessage] = []
    if setting("OPEN_MODE"):
        sentence = "OPEN_MODE=1: everyone may see and do everything. Set OPEN_MODE=0."
        found.append(Warning(sentence, id="access.W001"))
    if "*" in settings.ALLOWED_HOSTS:
        sentence = "ALLOWED_HOSTS is *: name the hosts that this is served as."
        found.append(Warning(sentence, id="access.W002"))
    return found
