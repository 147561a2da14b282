"""Verify the rows about one stream against its events, which the block `projections` replays."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from ..http import BadInput
from .changing import PROJECTIONS, can_tell
from .edge import show
from .links import fields_of
from .statistics import projection_models


class Verified(NamedTuple):
    """The result for one projection: how many rows it has about the stream, and what differs.

    `problem` says why it could not be verified, or is empty.
    """

    projection: str
    rows: int
    findings: list[str]
    problem: str


def verified(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The page with the results for the stream `?name=`."""
    name = request.GET.get("name", "")
    if not can_verify(name):
        raise BadInput(f"No read model has rows about a stream {name!r:.200}.", 404)
    known = projection_models()
    named = [(projection, fields) for projection, fields in fields_of(name) if projection in known]
    found = [_verified(projection, name, fields) for projection, fields in named]
    title = f"Stream {name}, verified"
    return show(model_admin, request, "verified", title=title, name=name, found=found)


def can_verify(stream: str) -> bool:
    """Whether a projection has rows about the stream, and the block `projections` is there."""
    return can_tell() and "\0" not in stream and any(fields_of(stream))


def _verified(projection: str, stream: str, fields: dict[str, str]) -> Verified:
    one_stream = import_module(f"{PROJECTIONS}.one_stream")
    runs = import_module(f"{PROJECTIONS}.runs")
    try:
        rows, findings = one_stream.verify_stream(projection, stream, fields)
        return Verified(projection, rows, findings, "")
    except runs.FAILURES as error:
        return Verified(projection, 0, [], " ".join(str(error).split()))
