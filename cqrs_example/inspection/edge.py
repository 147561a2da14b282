"""What all pages of the inspection share: they are for staff who may view, and change nothing."""

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
    "The database did not answer in time. That does not mean that the log is damaged: try again, or"
    " make the search narrower."
)


def inspecting(view: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method of a ModelAdmin a page that changes nothing.

    A method other than GET and HEAD gets 403, and so does a user without the permission to view. A
    `BadInput` becomes a page with its sentence. A database that does not answer in time becomes
    503.
    """
    return _page(view, ("GET", "HEAD"))


def trying(view: Callable[..., Any]) -> Callable[..., Any]:
    """As `inspecting`, for a page with a form whose POST changes nothing in the log."""
    return _page(view, ("GET", "HEAD", "POST"))


def _page(view: Callable[..., Any], methods: tuple[str, ...]) -> Callable[..., Any]:
    @wraps(view)
    def page(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method not in methods or not self.has_view_permission(request):
            raise PermissionDenied
        try:
            response = view(self, request, *args, **kwargs)
            # Rendered here, so that the errors of queries in the template are caught below.
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
    """A page that looks like the admin's; `values` are those of its template."""
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        # Only the class's own media: Django would add jQuery, which no page here needs.
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
