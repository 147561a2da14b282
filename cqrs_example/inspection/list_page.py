"""The page that lists the log."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ..http import paged
from . import finding
from .edge import show
from .words import searchable_fields

EVERY = 5  # seconds after which the browser reloads a page that follows the log


def listed(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The page with the events of a search, newest first. The address holds the whole search."""
    search = finding.parse(request.GET)
    walk = finding.plan(search)
    fetch = partial(finding.fetch, walk)
    page = paged(request, fetch, "position", parse=finding.position, backwards=True)
    if search:
        page |= _further(request, walk, page)
    follows = "follow" in request.GET
    response = show(
        model_admin,
        request,
        "events",
        title="Events",
        search=search,
        types=sorted({*finding.event_types(), search.type} - {""}),
        categories=walk.categories,
        walked=finding.WALKED,
        searchable=searchable_fields(),
        follows=follows,
        every=EVERY,
        **page,
    )
    if follows:  # without an address, so that the browser reloads this one, with its search
        response.headers["Refresh"] = str(EVERY)
    return response


def _further(
    request: HttpRequest, walk: finding.Walk, page: dict[str, Any]
) -> dict[str, int | None]:
    """The position from which a link goes on, if the page is not full because matching events are
    far apart."""
    newer = "after" in request.GET
    if page["back" if newer else "on"] is not None:
        return {}
    keys = {
        side: finding.position(request.GET[side])
        for side in ("after", "before")
        if side in request.GET
    }
    end = finding.walked_to(walk, **keys, backwards=not newer)
    return {"newer_from" if newer else "older_from": end}
