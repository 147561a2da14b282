"""The pages about one event: all that the log has of it, and what it changed in read models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from ..eventstore import RecordedEvent
from ..eventstore.log import END
from ..eventstore.recorded import COLUMNS, SELECT
from . import finding
from .as_json import as_json
from .changing import CannotTell, can_tell, changes_by
from .delivered import hearings
from .edge import show
from .links import page_of
from .looking import Unreadable, look, rows, tolerant
from .timings import of_event
from .tracing import MOST, SORTED, folded, origin, trace, who

ONE = SELECT + "WHERE position = %s"
EFFECTS = 20
# The event that directly caused this one, and the events that this one caused, each with its role.
AROUND = f"""
    (SELECT 'cause', {COLUMNS} FROM eventstore_event WHERE id = %(causation_id)s)
    UNION ALL
    (SELECT 'effect', {COLUMNS} FROM eventstore_event WHERE causation_id = %(id)s
        ORDER BY position LIMIT {EFFECTS + 1})"""  # noqa: S608 (no input in it)
# The positions before and after an event, in its stream, its correlation and the log. No index has
# the events of a correlation in order: if they are too many to sort, these two stay empty.
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


def one(model_admin: admin.ModelAdmin[Any], request: HttpRequest, position: str) -> HttpResponse:
    """The page of one event, with its neighbours, its cause and its effects."""
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
    """The page with the rows of read models that one event changed."""
    event = _event(at)
    try:
        changes, problem = changes_by(event), ""
    except CannotTell as error:
        changes, problem = [], str(error)
    title = f"What event {event.position} changed"
    values = {"event": event, "changes": changes, "problem": problem}
    return show(model_admin, request, "effects", title=title, **values)


def as_file(position: int) -> HttpResponse:
    """One event as a JSON file."""
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
