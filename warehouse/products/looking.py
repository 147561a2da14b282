"""The list of products, as people and programs look at it."""

from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, StreamingHttpResponse

from cqrs_example.http import paged
from cqrs_example.http.paging import whole
from cqrs_example.http.printed import as_printed
from cqrs_example.http.sorting import Order, Parse, moment, order_of
from cqrs_example.http.streamed import as_csv
from warehouse.sku import LAST, parse_prefix

from .models import Product

COLUMNS = ("sku", "quantity", "changed_at")
SORTED: dict[str, Parse] = {"sku": parse_prefix, "quantity": whole, "changed_at": moment}
TITLES = {
    "sku": "SKU",
    "-sku": "SKU, the last first",
    "quantity": "fewest first",
    "-quantity": "most first",
    "-changed_at": "changed last",
    "changed_at": "changed first",
}
# A text this long is found anywhere in a SKU. Shorter ones are in too many for an index to help;
# and where more SKUs begin so than are counted, nobody looks through all that have it elsewhere.
INSIDE = 3

COUNTED = 10_000  # so many products are counted and added up; of more there is an estimate
SAMPLED = 200  # pages of the table that the average quantity of an estimate comes from
# As Postgres itself estimates: rows for each page when it last looked, and the pages of now.
ESTIMATE = f"""
    WITH size AS (
        SELECT pg_relation_size(oid) / current_setting('block_size')::int AS pages,
            reltuples / nullif(relpages, 0) AS in_each
        FROM pg_class WHERE oid = 'warehouse_products_product'::regclass)
    SELECT (pages * in_each)::bigint, (
        SELECT avg(quantity) FROM warehouse_products_product
        TABLESAMPLE SYSTEM (least(100, 100.0 * {SAMPLED} / greatest(1, (SELECT pages FROM size))))
    ) FROM size WHERE in_each > 0
"""  # noqa: S608 (no input in it)


class Totals(NamedTuple):
    """How many products, and how many pieces of them; `about`: estimated, `units` None: not
    known."""

    products: int
    units: int | None
    about: bool = False


class Search(NamedTuple):
    """What somebody looks for, and in which order: `rows` is what is found, in none."""

    text: str
    inside: bool  # anywhere in the SKU; else it begins so
    show: str
    order: Order
    rows: QuerySet[Product]

    @property
    def listed(self) -> QuerySet[Product]:
        return self.order.sort(self.rows)

    def as_file(self) -> StreamingHttpResponse:
        return as_csv("stock.csv", COLUMNS, self.listed.values_list(*COLUMNS).iterator())

    def as_sheet(self, request: HttpRequest) -> StreamingHttpResponse:
        rows = self.listed.values_list(*COLUMNS).iterator()
        return as_printed(request, "Stock", ("SKU", *COLUMNS[1:]), rows, ("q", "show", "sort"))


def search_of(request: HttpRequest) -> Search:
    """`?q=bolt&show=low&sort=-quantity`; raises `BadInput` with what is wrong."""
    text, show = parse_prefix(request.GET.get("q", "")), request.GET.get("show", "")
    order = order_of(request, SORTED, "sku")
    found = Product.objects.filter(sku__gte=text, sku__lt=text + LAST) if text else Product.objects
    inside = len(text) >= INSIDE and found.all()[: COUNTED + 1].count() <= COUNTED
    rows = Product.objects.filter(sku__contains=text) if inside else found.all()
    if show in ("low", "out"):
        low = settings.LOW_PRODUCT_QUANTITY
        rows = rows.filter(quantity__lte=low if show == "low" else 0)
    return Search(text, inside, show, order, rows)


def page_of(request: HttpRequest, search: Search) -> dict[str, Any]:
    """A page of what is found, and what it says around the rows."""
    low, order = settings.LOW_PRODUCT_QUANTITY, search.order
    page = paged(request, partial(order.page, search.rows), order.key, order.parse_key)
    return {**page, "search": search, "totals": totals(search), "sorts": TITLES, "low": low}


def totals(search: Search) -> Totals:
    """Counted as far as that is fast; of more, an estimate, or of a search only that it is more."""
    some = search.rows[: COUNTED + 1]
    found = some.aggregate(products=Count("*"), units=Sum("quantity"))
    if found["products"] <= COUNTED:
        return Totals(found["products"], found["units"] or 0)
    if search.text or search.show in ("low", "out"):
        return Totals(COUNTED, None)
    return _estimated() or Totals(COUNTED, None)


def _estimated() -> Totals | None:
    """Of the whole table; None where Postgres has not looked at it yet."""
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATE)
        row = cursor.fetchone()
    if row is None or row[1] is None:
        return None
    products, average = row
    return Totals(_rounded(products), _rounded(int(products * average)), about=True)


def _rounded(number: int) -> int:
    """To two digits: an estimate knows no more."""
    return int(round(number, 2 - len(str(number))))
