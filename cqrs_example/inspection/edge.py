"""What every page of the inspection has in common: for staff who may view, and only looking."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.log import log_response

from ..http import BadInput

TOO_LONG = (
    "The database did not answer in time. Nothing is wrong with the log;"
    " try again, or look for something narrower."
)


def inspecting(view: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method of a ModelAdmin a page that can only be looked at.

    Anything but GET and HEAD is 403, as is a user without the permission to view; what the sender
    got wrong becomes a sentence, and a database that takes too long becomes 503.
    """

    return _page(view, ("GET", "HEAD"))


def trying(view: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a page with a form, whose POST changes nothing in the log."""
    return _page(view, ("GET", "HEAD", "POST"))


def _page(view: Callable[..., Any], methods: tuple[str, ...]) -> Callable[..., Any]:
    @wraps(view)
    def page(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method not in methods or not self.has_view_permission(request):
            raise PermissionDenied
        try:
            response = view(self, request, *args, **kwargs)
            # A template is rendered later, when nobody would catch what it runs into.
            return response.render() if isinstance(response, TemplateResponse) else response
        except BadInput as error:
            return _problem(self, request, str(error), error.status)
        except (OperationalError, InterfaceError) as error:
            response = _problem(self, request, TOO_LONG, 503)
            request_and_error = request.method, request.path, str(error).strip()
            log_response("%s %s: %s", *request_and_error, response=response)
            return response

    return page


def show(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, template: str, **values: Any
) -> TemplateResponse:
    """A page in the look of the admin."""
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        # Its own alone: Django's brings jQuery, which nothing here needs.
        "media": Media(media=getattr(model_admin, "Media", None)),
        "is_nav_sidebar_enabled": False,  # the lists need the width
        **values,
    }
    return TemplateResponse(request, f"inspection/{template}.html", page)


def _problem(
    self: admin.ModelAdmin[Any], request: HttpRequest, sentence: str, status: int
) -> HttpResponse:
    response = show(self, request, "problem", title="This cannot be shown", sentence=sentence)
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response.render()
