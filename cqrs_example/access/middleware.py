"""The middleware that asks everyone for a login; it stands behind AuthenticationMiddleware."""

from typing import Any, TypeVar

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers

from ..http import BadInput, problem, unavailable, wants_html
from ..http.reading import is_json
from .address import is_forwarded
from .configuration import setting
from .open_mode import is_here
from .permissions import has, needed
from .tokens import account_of

UNKNOWN = (
    "Log in, or send a token: Authorization: Bearer TOKEN (manage.py create_token makes tokens)."
)
NOT_THE_ADMIN = "A token does not open the admin, which is for people: log in there."
R = TypeVar("R", bound=HttpResponseBase)
REVOKED = "This token is unknown, was revoked or has expired: ask for a new one where you got it."


class Access(LoginRequiredMiddleware):
    """Who is not logged in is sent to the login page, or gets 401 if it is a program.

    An account without the permission that a view needs (`settings.PERMISSIONS`) gets 403. Views
    that are marked with `login_not_required` are open to all. In the open mode
    (`settings.OPEN_MODE`) all views are open to requests from this machine.
    """

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        try:
            response = self._refusal(request, view_func, view_args, view_kwargs)
        except (DatabaseError, InterfaceError) as error:
            response = unavailable(request, error)
        return _for_this_sender(response) if response else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer to a failure of the database in a view that is no `endpoint`, such as those
        of the admin."""
        failed = isinstance(error, DatabaseError | InterfaceError)
        return _for_this_sender(unavailable(request, error)) if failed else None

    def _refusal(self, request: HttpRequest, view: Any, *rest: Any) -> HttpResponseBase | None:
        if not getattr(view, "login_required", True):
            return None  # before a token is looked up: /healthz must answer without the database
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            account = account_of(secret.strip())
            if account is None:
                return _unauthorized(request, REVOKED, ', error="invalid_token"')
            request.user = account
            if _for_staff(request):
                # Otherwise a token that somebody finds in a program's files would open the admin.
                return problem(request, BadInput(NOT_THE_ADMIN, 403))
        if is_open(request) and (not _for_staff(request) or wants_html(request)):
            return None
        permission = needed(view)
        if permission and request.user.is_authenticated and not has(request.user, permission):
            remedy = f"give it the permission access.{permission}"
            return _forbidden(request, permission, remedy)
        return super().process_view(request, view, *rest)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponse:
        if is_json(request) or not wants_html(request):
            return _unauthorized(request, UNKNOWN)
        if request.method in ("GET", "HEAD"):
            return redirect_to_login(request.get_full_path())
        messages.error(request, "Nothing was done: log in, then send it again.")
        return redirect_to_login(
            request.headers.get("Referer", resolve_url(settings.LOGIN_REDIRECT_URL))
        )


def _for_this_sender(response: R) -> R:
    """The response, with headers that keep caches from showing it to another sender."""
    patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
    response.headers["Cache-Control"] = "max-age=0, private, must-revalidate"
    return response


def _unauthorized(request: HttpRequest, sentence: str, more: str = "") -> HttpResponse:
    response = problem(request, BadInput(sentence, 401))
    realm = setting("ACCESS_REALM")
    response.headers["WWW-Authenticate"] = f'Bearer realm="{realm}"{more}'
    return response


def is_open(request: HttpRequest) -> bool:
    """Whether a request needs no login: in the open mode, from this machine, and not forwarded.

    A proxy on this machine forwards requests of others.
    """
    return (
        setting("OPEN_MODE")
        and is_here(request.META.get("REMOTE_ADDR", ""))
        and not is_forwarded(request)
    )


def _for_staff(request: HttpRequest) -> bool:
    return bool(request.resolver_match and request.resolver_match.app_name == "admin")


def _forbidden(request: HttpRequest, deed: str, remedy: str) -> HttpResponse:
    sentence = (
        f"The account {request.user.get_username()} may not {deed}: an administrator can {remedy}."
    )
    return problem(request, BadInput(sentence, 403))
