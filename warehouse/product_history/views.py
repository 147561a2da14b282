from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.eventstore.looking import Unreadable, events_of, newest_first, newest_of
from cqrs_example.http import BadInput, as_json, endpoint, paged, wants_html
from cqrs_example.http.printed import as_printed
from cqrs_example.http.streamed import as_csv
from warehouse.events import ProductChangeUndone, isolated, product_stream
from warehouse.sku import parse_sku

from .chart import step_chart, steps_of
from .row import COLUMNS, as_cells, as_row


@endpoint("GET", "HEAD")
def product(request: HttpRequest, sku: str) -> HttpResponseBase:
    """One product and its history, read from its stream; `?version=12` shows it as it was then."""
    sku = parse_sku(sku)
    last = newest_of(product_stream(sku))
    shown = _as_of(request, sku) if "version" in request.GET else last
    if request.GET.get("format") == "csv" and shown:
        found = newest_first(partial(_up_to, shown), "version")
        return as_csv("history.csv", COLUMNS, (as_cells(event) for event in found))
    if request.GET.get("format") == "print" and shown:
        found = newest_first(partial(_up_to, shown), "version")
        title, rows = f"History of {isolated(sku)}", map(as_cells, found)
        filters = {"version": request.GET.get("version")}
        return as_printed(request, title, COLUMNS, rows, filters)
    if wants_html(request):
        page = _history(request, shown) if shown else {}
        page |= {"sku": sku, "last": last, "shown": shown, "low": settings.LOW_PRODUCT_QUANTITY}
        page["past"] = shown != last
        return render(request, "warehouse/product_history/product.html", page)
    if shown is None:
        raise BadInput(
            f"There is no product {isolated(sku)}: it begins when some of it is received or"
            " counted.",
            404,
        )
    if isinstance(shown.data, Unreadable):
        raise BadInput(f"Version {shown.version:,} of product {isolated(sku)}: {shown}", 500)
    quantity = shown.data.quantity_on_hand
    return as_json({"sku": sku, "quantity": quantity, "version": shown.version})


@endpoint("GET", "HEAD")
def find(request: HttpRequest) -> HttpResponse:
    """Lead to the page of the product that somebody typed into a form."""
    return redirect("product", sku=parse_sku(request.GET.get("sku", "").strip()))


def _as_of(request: HttpRequest, sku: str) -> RecordedEvent[Any]:
    version = request.GET["version"]
    if version.isascii() and version.isdigit() and len(version) < 10:
        number = int(version)
        for event in events_of(product_stream(sku), after=number - 1, before=number + 1, limit=1):
            return event
    raise BadInput(f"Product {isolated(sku)} has no version {version!r:.20}.", 404)


MOST_UNDOING = 1000


def _history(request: HttpRequest, shown: RecordedEvent[Any]) -> dict[str, Any]:
    """A page of the events up to the shown one, newest first, and a chart of all of these."""
    page = paged(request, partial(_up_to, shown), "version", backwards=True)
    events = page["rows"]
    steps, each = steps_of(shown.stream, shown.version)
    chart = step_chart(steps, settings.LOW_PRODUCT_QUANTITY)
    undone = _undone(events)
    listed = [as_row(event, undone) for event in events]
    return {**page, "rows": listed, "chart": chart, "each": each}


def _undone(events: Sequence[RecordedEvent[Any]]) -> dict[UUID, int]:
    """The ids of those events that were undone, each with the version that undid it, which is
    later in the stream."""
    if not events:
        return {}
    stream, oldest, kind = events[0].stream, events[-1].version, ProductChangeUndone.type
    found = events_of(stream, after=oldest, stored_type=kind, limit=MOST_UNDOING)
    undoing = [event for event in found if not isinstance(event.data, Unreadable)]
    return {event.data.undone: event.version for event in undoing}


def _up_to(shown: RecordedEvent[Any], *, before: int | None = None, **window: Any) -> Any:
    newest = shown.version + 1
    return events_of(shown.stream, before=min(before or newest, newest), **window)
