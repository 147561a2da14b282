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

EVERY = 5  # seconds after which a page that follows the log is loaded anew


def listed(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The events of the log, newest first; all that is asked for is in the address."""
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
    if follows:  # the same address again, so that what is asked for stays
        response.headers["Refresh"] = str(EVERY)
    return response


def _further(
    request: HttpRequest, walk: finding.Walk, page: dict[str, Any]
) -> dict[str, int | None]:
    """Where to go on looking, when a page is not full because what is found is far between."""
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
