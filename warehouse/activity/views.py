import re
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.eventstore.contracts import event_classes
from cqrs_example.eventstore.recorded import SELECT, query
from cqrs_example.http import as_json, endpoint, paged, wants_html


@endpoint("GET", "HEAD")
def activity(request: HttpRequest) -> HttpResponse:
    """The last events of the log, newest first; `?type=` with the name of a type: these only."""
    types, wanted = _types(), request.GET.get("type", "")
    known = wanted if wanted in types else None
    page = paged(request, partial(_events, known), "position", backwards=True)
    if wants_html(request):
        page |= {"wanted": wanted, "types": types}
        return render(request, "warehouse/activity/activity.html", page)
    return as_json([_row(event) for event in page["rows"]])


def _types() -> dict[str, str]:
    """The type of each event that the log may hold, and its name as words."""
    words = re.compile("(?<=[a-z])(?=[A-Z])")
    return {event.type: words.sub(" ", event.__name__) for event in event_classes()}


def _events(
    type: str | None, after: int = 0, before: int = 2**63 - 1, *, backwards: bool, limit: int
) -> list[RecordedEvent[Any]]:
    """For looking at only: at the newest end, what commits late may still be missing."""
    way = "DESC" if backwards else "ASC"
    if type is None:
        where = f"WHERE position > %s AND position < %s ORDER BY position {way}"
        return query(f"{SELECT} {where} LIMIT %s", [after, before, limit])
    # Compared as pairs, as they stand in the index: `type = …` may make Postgres walk through the
    # whole log for events of a type that is rare.
    where = "WHERE (type, position) > (%s, %s) AND (type, position) < (%s, %s)"
    sql = f"{SELECT} {where} ORDER BY type {way}, position {way} LIMIT %s"
    return query(sql, [type, after, type, before, limit])


def _row(event: RecordedEvent[Any]) -> dict[str, object]:
    row = {"position": event.position, "type": event.type, "stream": event.stream}
    return {**row, "sentence": str(event), "occurred_at": event.occurred_at}
