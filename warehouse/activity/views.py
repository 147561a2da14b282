from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.eventstore.recorded import SELECT, query
from cqrs_example.http import as_json, endpoint, paged, wants_html
from warehouse.events import (
    NotifiedLowProductQuantity,
    ProductQuantityIncreased,
    ProductQuantityShipped,
)

KINDS = {
    "received": ProductQuantityIncreased.type,
    "shipped": ProductQuantityShipped.type,
    "notified": NotifiedLowProductQuantity.type,
}


@endpoint("GET", "HEAD")
def activity(request: HttpRequest) -> HttpResponse:
    """The last events of the log, newest first; `?kind=shipped` for one kind of them."""
    kind = request.GET.get("kind", "")
    page = paged(request, partial(_events, KINDS.get(kind)), "position", backwards=True)
    if wants_html(request):
        page |= {"kind": kind, "kinds": list(KINDS)}
        return render(request, "warehouse/activity/activity.html", page)
    return as_json([_told(event) for event in page["rows"]])


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


def _told(event: RecordedEvent[Any]) -> dict[str, object]:
    told = {"position": event.position, "type": event.type, "stream": event.stream}
    return {**told, "sentence": str(event), "occurred_at": event.occurred_at}
