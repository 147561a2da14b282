"""The page of the commands that were refused or that failed."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ..http import BadInput, paged
from .edge import show
from .finding import position
from .refusals import listed as between


def listed(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The page, newest command first; `?q=` chooses some: see `refusals.listed`."""
    q = request.GET.get("q", "").strip()
    if "\0" in q:
        raise BadInput("Words to look for cannot have control characters.")
    page = paged(request, partial(between, q), "id", parse=position, backwards=True)
    return show(model_admin, request, "refusals", title="Refused commands", q=q, **page)
