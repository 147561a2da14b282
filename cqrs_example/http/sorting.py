"""Lists in pages (see `paged`) that people can sort by one of several columns.

Rows that are equal in that column are sorted by a second one, which is unique. An index over both
columns serves the comparison of pairs, so that each page costs what the first one costs.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.http import HttpRequest

from .reading import BadInput

Parse = Callable[[str], Any]


class Order(NamedTuple):
    """An order of rows.

    names       the columns to sort by; the last one is unique
    parse       for each column, a function that turns its text in an address into a value
    descending  the highest value comes first, in all columns
    """

    names: tuple[str, ...]
    parse: tuple[Parse, ...]
    descending: bool = False

    @property
    def name(self) -> str:
        """The order as `?sort=` of an address names it."""
        return ("-" if self.descending else "") + self.names[0]

    def sort(self, rows: QuerySet[Any], *, reverse: bool = False) -> QuerySet[Any]:
        """The rows in this order, or in the opposite one."""
        down = "-" if self.descending != reverse else ""
        return rows.order_by(*(down + name for name in self.names))

    def page(
        self, rows: QuerySet[Any], after: Any = None, before: Any = None, **page: Any
    ) -> QuerySet[Any]:
        """The `fetch` of `paged`: the rows after one key and before another in this order."""
        columns = Tuple(*map(F, self.names))
        lower, higher = (before, after) if self.descending else (after, before)
        if lower is not None:
            rows = rows.filter(TupleGreaterThan(columns, lower))
        if higher is not None:
            rows = rows.filter(TupleLessThan(columns, higher))
        return self.sort(rows, reverse=page["backwards"])[: page["limit"]]

    def key(self, row: Any) -> str:
        """The key of a row, as the address of a page has it."""
        values = [getattr(row, name) for name in self.names]
        return "/".join(v.isoformat() if isinstance(v, datetime) else str(v) for v in values)

    def parse_key(self, text: str) -> tuple[Any, ...]:
        """The values of a key's columns; raises `ValueError` for a text that is no key."""
        texts = text.split("/", len(self.names) - 1)
        if len(texts) < len(self.names):
            raise ValueError(f"a key has the form {'/'.join(self.names)}, but this is {text!r:.40}")
        return tuple(parse(value) for parse, value in zip(self.parse, texts, strict=True))


def order_of(request: HttpRequest, columns: Mapping[str, Parse], unique: str) -> Order:
    """The order that a request asks for.

    `?sort=amount` lists the lowest amount first, `?sort=-amount` the highest. Without `?sort` rows
    are in the order of the `unique` column. Raises `BadInput` for a name that is not in `columns`,
    which maps the name of each column to a function that parses its text.
    """
    wanted = request.GET.get("sort", "") or unique
    name = wanted.removeprefix("-")
    if name not in columns:
        right = ", ".join(columns)
        raise BadInput(
            f"Sort by {right}, or by one of them with a - before it; not by {wanted!r:.40}."
        )
    names = (name,) if name == unique else (name, unique)
    return Order(names, tuple(columns[name] for name in names), wanted.startswith("-"))


def moment(text: str) -> datetime:
    """The time that a key has as text; raises `ValueError` if it names no time zone."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"the time {text!r:.40} names no zone")
    return time
