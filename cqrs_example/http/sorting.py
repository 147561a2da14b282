"""Lists that can be sorted by several columns, page by page: see `paged`.

Rows that are equal in a column follow each other by a second one, which is unique. Both are
compared as a pair, as they stand in an index: so any page costs what the first one costs.
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
    """`names`: the columns, the last of which is unique; `parse`: what turns the text of each in an
    address into its value."""

    names: tuple[str, ...]
    parse: tuple[Parse, ...]
    descending: bool = False

    @property
    def name(self) -> str:
        """As `?sort=` has it."""
        return ("-" if self.descending else "") + self.names[0]

    def sort(self, rows: QuerySet[Any], *, reverse: bool = False) -> QuerySet[Any]:
        down = "-" if self.descending != reverse else ""
        return rows.order_by(*(down + name for name in self.names))

    def page(
        self, rows: QuerySet[Any], after: Any = None, before: Any = None, **page: Any
    ) -> QuerySet[Any]:
        """The `fetch` of `paged`: rows behind `after` and before `before`, as the list goes."""
        columns = Tuple(*map(F, self.names))
        lower, higher = (before, after) if self.descending else (after, before)
        if lower is not None:
            rows = rows.filter(TupleGreaterThan(columns, lower))
        if higher is not None:
            rows = rows.filter(TupleLessThan(columns, higher))
        return self.sort(rows, reverse=page["backwards"])[: page["limit"]]

    def key(self, row: Any) -> str:
        """Where a row stands in the list, as an address has it."""
        values = [getattr(row, name) for name in self.names]
        return "/".join(v.isoformat() if isinstance(v, datetime) else str(v) for v in values)

    def parse_key(self, text: str) -> tuple[Any, ...]:
        texts = text.split("/", len(self.names) - 1)
        if len(texts) < len(self.names):
            raise ValueError(f"a key has the form {'/'.join(self.names)}, but this is {text!r:.40}")
        return tuple(parse(one) for parse, one in zip(self.parse, texts, strict=True))


def order_of(request: HttpRequest, columns: Mapping[str, Parse], unique: str) -> Order:
    """`?sort=amount`: the lowest first; `?sort=-amount`: the highest first; without one, by the
    `unique` column. Raises `BadInput` for what is none of the `columns`."""
    wanted = request.GET.get("sort", "") or unique
    name = wanted.removeprefix("-")
    if name not in columns:
        right = ", ".join(columns)
        raise BadInput(
            f"Sort by {right}, or by one of them with a - before it; not by {wanted!r:.40}."
        )
    names = (name,) if name == unique else (name, unique)
    return Order(names, tuple(columns[one] for one in names), wanted.startswith("-"))


def moment(text: str) -> datetime:
    """A time with its zone, as a key has it."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"the time {text!r:.40} names no zone")
    return found
