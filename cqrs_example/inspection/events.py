"""The pages of the log: a list, one event, one stream; and its events as files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from ..eventstore import RecordedEvent
from ..eventstore.log import BATCH, END
from ..eventstore.recorded import COLUMNS, SELECT
from ..http import BadInput, paged
from . import finding
from .as_json import as_json
from .changing import CannotTell, can_tell, changes_by
from .delivered import hearings
from .edge import show
from .links import page_of, rows_about
from .looking import Unreadable, look, rows, tolerant
from .timings import of_event
from .tracing import MOST, SORTED, folded, origin, trace, who
from .verifying import can_verify
from .words import searchable_fields

ONE = SELECT + "WHERE position = %s"
EFFECTS = 20
EVERY = 5  # seconds after which a page that follows the log is loaded anew
# What has directly caused an event, and what it has caused, with the word for it.
AROUND = f"""
    (SELECT 'cause', {COLUMNS} FROM eventstore_event WHERE id = %(causation_id)s)
    UNION ALL
    (SELECT 'effect', {COLUMNS} FROM eventstore_event WHERE causation_id = %(id)s
        ORDER BY position LIMIT {EFFECTS + 1})"""  # noqa: S608 (no input in it)
# The positions before and after an event, in its stream, its correlation and the log. No index has
# those of a correlation in order: where there are more than a sort can take, they are not told.
BESIDE = f"""SELECT
    (SELECT position FROM eventstore_event WHERE stream = %(stream)s AND version < %(version)s
        ORDER BY version DESC LIMIT 1),
    (SELECT position FROM eventstore_event WHERE stream = %(stream)s AND version > %(version)s
        ORDER BY version LIMIT 1),
    correlated.previous, correlated.next,
    (SELECT max(position) FROM eventstore_event WHERE position < %(position)s),
    (SELECT min(position) FROM eventstore_event WHERE position > %(position)s)
    FROM (SELECT 1) AS always LEFT JOIN (
        SELECT max(position) FILTER (WHERE position < %(position)s) AS previous,
            min(position) FILTER (WHERE position > %(position)s) AS next
        FROM (SELECT position FROM eventstore_event WHERE correlation_id = %(correlation_id)s
            LIMIT {SORTED + 1}) AS first
        HAVING count(*) <= {SORTED}) AS correlated ON true"""  # noqa: S608 (no input in it)
WITHIN = SELECT + "WHERE stream = %s AND version > %s AND version < %s ORDER BY version"


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


def one(model_admin: admin.ModelAdmin[Any], request: HttpRequest, position: str) -> HttpResponse:
    """One event, and what stands around it."""
    event = _event(finding.position(position))
    around: dict[str, list[RecordedEvent[Any]]] = {}
    for word, other in _around(event):
        around.setdefault(word, []).append(other)
    steps = trace(event.correlation_id, limit=MOST + 1)
    stored = as_json(event)
    heard = list(hearings(event))
    return show(
        model_admin,
        request,
        "event",
        title=f"Event {event.position}",
        event=event,
        unreadable=isinstance(event.data, Unreadable),
        stored=stored,
        fields=stored["data"] if isinstance(stored["data"], dict) else None,
        command=origin(event),
        who=who(event),
        neighbours=_neighbours(event),
        around=around,
        effects=around.get("effect", [])[:EFFECTS],
        more_effects=len(around.get("effect", [])) > EFFECTS,
        parts=folded(steps, event.position),
        cut=sum(1 for step in steps if step.event) > MOST,
        page=page_of(event.stream),
        hearings=heard,
        timings=of_event(event, [name for name, _ in heard]),
        can_tell_changes=can_tell(),
    )


def changed(model_admin: admin.ModelAdmin[Any], request: HttpRequest, at: int) -> HttpResponse:
    """What one event changed in the read models."""
    event = _event(at)
    try:
        changes, problem = changes_by(event), ""
    except CannotTell as error:
        changes, problem = [], str(error)
    title = f"What event {event.position} changed"
    values = {"event": event, "changes": changes, "problem": problem}
    return show(model_admin, request, "effects", title=title, **values)


def stream(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """All events of one stream, newest first, and the last one: with the state it leads to."""
    name = _stream_name(request) or ""
    last = next(iter(_within(name, backwards=True, limit=1)), None)
    if last is None:
        raise BadInput(f"There is no stream {name!r:.200}.", 404)
    fetch = partial(_within, name)
    page = paged(request, fetch, "version", parse=finding.position, backwards=True)
    title, address = f"Stream {name}", page_of(name)
    values = {"name": name, "last": last, "stored": as_json(last)["data"], "page": address}
    values["read_models"] = list(rows_about(name))
    values["can_verify"] = can_verify(name)
    return show(model_admin, request, "stream", title=title, **values, **page)


def export(request: HttpRequest) -> StreamingHttpResponse:
    """What the list would show, or with `?name=` a stream: all of it, oldest first, as JSON lines.

    In flat memory. If the database fails on the way the file ends early, with a broken connection.
    """
    name = _stream_name(request)
    if name is None:
        events = _all_found(finding.plan(finding.parse(request.GET)))
    else:
        events = _all_within(name)
    lines = (json.dumps(as_json(event), ensure_ascii=False, default=str) + "\n" for event in events)
    response = StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="events.jsonl"'
    return response


def as_file(position: int) -> HttpResponse:
    """One event, to keep."""
    event = _event(position)
    text = json.dumps(as_json(event), indent=2, ensure_ascii=False, default=str)
    response = HttpResponse(f"{text}\n", content_type="application/json; charset=utf-8")
    name = f"event-{event.position}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _event(position: int) -> RecordedEvent[Any]:
    for event in look(ONE, [position]) if position < END else ():
        return event
    raise Http404(f"There is no event at position {position}.")


def _around(event: RecordedEvent[Any]) -> Iterator[tuple[str, RecordedEvent[Any]]]:
    names = ("stream", "version", "causation_id", "id")
    for word, *row in rows(AROUND, {name: getattr(event, name) for name in names}):
        yield word, tolerant(row)


def _neighbours(event: RecordedEvent[Any]) -> dict[str, tuple[int | None, int | None]]:
    names = ("position", "stream", "version", "correlation_id")
    [found] = rows(BESIDE, {name: getattr(event, name) for name in names})
    ways = ("in its stream", "in its correlation", "in the log")
    return dict(zip(ways, zip(found[::2], found[1::2], strict=True), strict=True))


def _within(
    name: str, *, after: int = 0, before: int = END, backwards: bool, limit: int
) -> list[RecordedEvent[Any]]:
    sql = f"{WITHIN} {'DESC' if backwards else 'ASC'} LIMIT %s"
    return look(sql, [name, after, before, limit])


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


def _all_found(walk: finding.Walk) -> Iterator[RecordedEvent[Any]]:
    after: int | None = 0
    while after is not None:
        events = finding.fetch(walk, after=after, backwards=False, limit=BATCH)
        yield from events
        if len(events) == BATCH:
            after = events[-1].position
        else:
            after = finding.walked_to(walk, after=after, backwards=False)


def _all_within(name: str) -> Iterator[RecordedEvent[Any]]:
    after = 0
    while events := _within(name, after=after, backwards=False, limit=BATCH):
        yield from events
        after = events[-1].version


def _stream_name(request: HttpRequest) -> str | None:
    name = request.GET.get("name")
    if name and "\0" in name:
        raise BadInput("There is no such stream: no name has a NUL character.", 404)
    return name
