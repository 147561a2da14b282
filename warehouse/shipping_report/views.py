from datetime import date
from functools import partial
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from cqrs_example.http import as_json, endpoint, paged, wants_html
from cqrs_example.http.days import days_of
from cqrs_example.http.printed import as_printed
from cqrs_example.http.streamed import as_csv
from warehouse.sku import parse_sku

from .models import DayOfShipping

COLUMNS = ("day", "sku", "shipments", "quantity")
PRINTED = ("day", "SKU", "shipments", "quantity")


class Key(NamedTuple):
    """The order of the list: the latest day comes first, and within a day the lowest SKU."""

    day: date
    sku: str


@endpoint("GET", "HEAD")
def report(request: HttpRequest) -> HttpResponseBase:
    """How much was shipped on each day, the latest first.

    `?sku=abc123` chooses a product, `?since=2026-01-01&until=2026-01-31` chooses days.
    """
    sku = request.GET.get("sku", "").strip()
    rows = DayOfShipping.objects.filter(shipments__gt=0)  # all others were undone
    rows = rows.filter(sku=parse_sku(sku)) if sku else rows
    days = days_of(request)
    rows = rows.filter(day__gte=days.since) if days.since else rows
    rows = rows.filter(day__lte=days.until) if days.until else rows
    found = rows.order_by("-day", "sku").values_list(*COLUMNS)
    if request.GET.get("format") == "csv":
        return as_csv("shipping_report.csv", COLUMNS, found.iterator())
    if request.GET.get("format") == "print":
        filters = {"sku": sku, **days._asdict()}
        return as_printed(request, "Shipping report", PRINTED, found.iterator(), filters)
    page = paged(request, partial(_listed, rows), "key", parse=_key)
    if wants_html(request):
        page |= {"sku": sku, "days": days}
        return render(request, "warehouse/shipping_report/report.html", page)
    names = ("day", "sku", "quantity", "shipments")
    return as_json([{name: getattr(row, name) for name in names} for row in page["rows"]])


def _key(text: str) -> Key:
    day, _, sku = text.partition("/")
    return Key(date.fromisoformat(day), parse_sku(sku))


def _listed(
    rows: QuerySet[DayOfShipping],
    *,
    after: Key | None = None,
    before: Key | None = None,
    backwards: bool,
    limit: int,
) -> Any:
    # The day is compared by itself too: by that Postgres can use the index.
    if after:
        rows = rows.filter(Q(day__lt=after.day) | Q(sku__gt=after.sku), day__lte=after.day)
    if before:
        rows = rows.filter(Q(day__gt=before.day) | Q(sku__lt=before.sku), day__gte=before.day)
    return rows.order_by(*(("day", "-sku") if backwards else ("-day", "sku")))[:limit]
