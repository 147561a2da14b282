"""The page of one stream."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ..eventstore import RecordedEvent
from ..eventstore.log import END
from ..eventstore.recorded import SELECT
from ..http import BadInput, paged
from . import finding
from .as_json import as_json
from .edge import show
from .links import page_of, rows_about
from .looking import look
from .verifying import can_verify

WITHIN = SELECT + "WHERE stream = %s AND version > %s AND version < %s ORDER BY version"


def stream(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The page of one stream: its events, newest first, and the rows of read models about it."""
    name = stream_name(request) or ""
    last = next(iter(within(name, backwards=True, limit=1)), None)
    if last is None:
        raise BadInput(f"There is no stream {name!r:.200}.", 404)
    fetch = partial(within, name)
    page = paged(request, fetch, "version", parse=finding.position, backwards=True)
    title, address = f"Stream {name}", page_of(name)
    values = {"name": name, "last": last, "stored": as_json(last)["data"], "page": address}
    values["read_models"] = list(rows_about(name))
    values["can_verify"] = can_verify(name)
    return show(model_admin, request, "stream", title=title, **values, **page)


def within(
    name: str, *, after: int = 0, before: int = END, backwards: bool, limit: int
) -> list[RecordedEvent[Any]]:
    """The events of a stream whose versions are between two numbers, both exclusive."""
    sql = f"{WITHIN} {'DESC' if backwards else 'ASC'} LIMIT %s"
    return look(sql, [name, after, before, limit])


def stream_name(request: HttpRequest) -> str | None:
    """The stream that `?name=…` names, or None; raises `BadInput` for a name that cannot be."""
    name = request.GET.get("name")
    if name and "\0" in name:
        raise BadInput("There is no such stream: no name has a NUL character.", 404)
    return name
