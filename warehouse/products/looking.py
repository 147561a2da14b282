"""The list of products, for people and programs."""

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
LEVELS = ("low", "out")  # `?show=` with any other value leaves nothing out
TITLES = {
    "sku": "SKU",
    "-sku": "SKU, the last first",
    "quantity": "fewest first",
    "-quantity": "most first",
    "-changed_at": "changed last",
    "changed_at": "changed first",
}
# A text of this length or more is looked for anywhere in a SKU. A shorter one is in too many SKUs
# for an index to help. If more than `COUNTED` SKUs begin with a text, only these are found.
INSIDE = 3

COUNTED = 10_000  # up to so many products are counted and added up; more are estimated
SAMPLED = 200  # the pages of the table from which an estimate takes the average quantity
# The estimate of Postgres's planner: the rows in a page at the last ANALYZE, times the pages now.
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
    """The number of products and of their units; `about`: they are estimated; `units` may be
    unknown (None)."""

    products: int
    units: int | None
    about: bool = False


class Search(NamedTuple):
    """A search for products and its order; `rows` are the products found, not sorted yet."""

    text: str
    inside: bool  # whether the text may be anywhere in the SKU, or only at its beginning
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
        filters = {"q": self.text, "show": self.show, "sort": self.order.name}
        return as_printed(request, "Stock", ("SKU", *COLUMNS[1:]), rows, filters)


def search_of(request: HttpRequest) -> Search:
    """The search that `?q=bolt&show=low&sort=-quantity` asks for; raises `BadInput`."""
    text, show = parse_prefix(request.GET.get("q", "")), request.GET.get("show", "")
    show = show if show in LEVELS else ""
    order = order_of(request, SORTED, "sku")
    found = Product.objects.filter(sku__gte=text, sku__lt=text + LAST) if text else Product.objects
    inside = len(text) >= INSIDE and found.all()[: COUNTED + 1].count() <= COUNTED
    rows = Product.objects.filter(sku__contains=text) if inside else found.all()
    if show:
        low = settings.LOW_PRODUCT_QUANTITY
        rows = rows.filter(quantity__lte=low if show == "low" else 0)
    return Search(text, inside, show, order, rows)


def page_of(request: HttpRequest, search: Search) -> dict[str, Any]:
    """A page of the products found, with the values around the table."""
    low, order = settings.LOW_PRODUCT_QUANTITY, search.order
    page = paged(request, partial(order.page, search.rows), order.key, order.parse_key)
    return {**page, "search": search, "totals": totals(search), "sorts": TITLES, "low": low}


def totals(search: Search) -> Totals:
    """The totals: up to `COUNTED` products are counted; more are estimated, or, of a search, only
    said to be more."""
    some = search.rows[: COUNTED + 1]
    found = some.aggregate(products=Count("*"), units=Sum("quantity"))
    if found["products"] <= COUNTED:
        return Totals(found["products"], found["units"] or 0)
    if search.text or search.show:
        return Totals(COUNTED, None)
    return _estimated() or Totals(COUNTED, None)


def _estimated() -> Totals | None:
    """The estimate for the whole table; None before the first ANALYZE."""
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATE)
        row = cursor.fetchone()
    if row is None or row[1] is None:
        return None
    products, average = row
    return Totals(_rounded(products), _rounded(int(products * average)), about=True)


def _rounded(number: int) -> int:
    """A number rounded to two digits, since an estimate is no more exact."""
    return int(round(number, 2 - len(str(number))))
