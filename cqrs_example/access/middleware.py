"""Nobody passes unknown. It stands behind Django's AuthenticationMiddleware."""

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
REVOKED = (
    "This token is not known here, or no longer, or has expired: ask whoever gave it to you for a"
    " new one."
)


class Access(LoginRequiredMiddleware):
    """People are sent to the login page, programs are answered 401; a view that takes a permission
    (`settings.PERMISSIONS`) answers 403 to an account without it. Views marked with
    `login_not_required` are open to all; with `settings.OPEN_MODE`, every view is to this machine.
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
        """For the admin, which is no `endpoint`: the same answer when the database fails."""
        failed = isinstance(error, DatabaseError | InterfaceError)
        return _for_this_sender(unavailable(request, error)) if failed else None

    def _refusal(self, request: HttpRequest, view: Any, *rest: Any) -> HttpResponseBase | None:
        if not getattr(view, "login_required", True):
            return None  # nor does it matter who asks: /healthz answers without the database
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            account = account_of(secret.strip())
            if account is None:
                return _unauthorized(request, REVOKED, ', error="invalid_token"')
            request.user = account
            if _for_staff(request):
                # Found in a program's files, it would open all that a superuser may.
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
    """Nobody else may be shown it, as what it stands for."""
    patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
    response.headers["Cache-Control"] = "max-age=0, private, must-revalidate"
    return response


def _unauthorized(request: HttpRequest, sentence: str, more: str = "") -> HttpResponse:
    response = problem(request, BadInput(sentence, 401))
    realm = setting("ACCESS_REALM")
    response.headers["WWW-Authenticate"] = f'Bearer realm="{realm}"{more}'
    return response


def is_open(request: HttpRequest) -> bool:
    """Whatever serves it: to this machine, and not through a proxy, behind which is anybody."""
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
