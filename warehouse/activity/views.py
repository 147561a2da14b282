import re
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.eventstore.contracts import event_classes
from cqrs_example.eventstore.looking import newest_first
from cqrs_example.http import as_json, endpoint, paged, wants_html
from cqrs_example.http.days import days_of
from cqrs_example.http.printed import as_printed
from cqrs_example.http.streamed import as_csv

from .finding import found

COLUMNS = ("position", "occurred_at", "who", "type", "stream", "sentence")


@endpoint("GET", "HEAD")
def activity(request: HttpRequest) -> HttpResponseBase:
    """The last events of the log, newest first.

    `?type=` chooses a type. `?since=2026-01-01&until=2026-01-31` chooses events that occurred on
    these days, the latest first.
    """
    types, wanted = _types(), request.GET.get("type", "")
    known = wanted if wanted in types else None
    days = days_of(request)
    find = partial(found, days, known)
    if request.GET.get("format") == "csv":
        rows = (_cells(event) for event in newest_first(find, "position"))
        return as_csv("activity.csv", COLUMNS, rows)
    if request.GET.get("format") == "print":
        rows = (_cells(event) for event in newest_first(find, "position"))
        filters = {"type": known, **days._asdict()}
        return as_printed(request, "Activity", COLUMNS, rows, filters)
    page = paged(request, find, "position", backwards=True)
    if wants_html(request):
        page |= {"wanted": wanted, "types": types, "days": days}
        return render(request, "warehouse/activity/activity.html", page)
    return as_json([_row(event) for event in page["rows"]])


def _cells(event: RecordedEvent[Any]) -> list[object]:
    row = {**_row(event), "who": event.metadata.get("actor", "")}
    return [row[name] for name in COLUMNS]


def _types() -> dict[str, str]:
    """The types of all events, each with its name as words."""
    words = re.compile("(?<=[a-z])(?=[A-Z])")
    return {event.type: words.sub(" ", event.__name__) for event in event_classes()}


def _row(event: RecordedEvent[Any]) -> dict[str, object]:
    row = {"position": event.position, "type": event.type, "stream": event.stream}
    return {**row, "sentence": str(event), "occurred_at": event.occurred_at}
