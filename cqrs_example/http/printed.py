"""Long lists as one page for paper, without forms. Memory does not grow with the list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join

from .streamed import BATCH

MOST_ROWS = 20_000  # some 400 sheets
ROWS = "<!-- rows -->"  # `printed.html` has it where the rows come
HIDDEN = ' hidden id="more"'  # hides its sentence that there are more rows


def as_printed(
    request: HttpRequest,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    filters: Mapping[str, object] | None = None,
) -> StreamingHttpResponse:
    """A page with one table of the columns and rows that `as_csv` takes, sent while it is read.

    A column that is named in capitals, such as ID, keeps them. The page says which
    `filters` the rows have passed, by name and value without the empty ones, and that all times are
    in UTC. The table has up to `MOST_ROWS`
    rows; if there are more, the page says so at its end. If the database fails on the way, the
    connection breaks, and the browser shows an error.
    """
    rest = iter(rows)
    # Read before the answer begins, so that a database that does not answer becomes 503.
    first = list(islice(rest, BATCH))
    headings = [name if name.isupper() else name.replace("_", " ").capitalize() for name in columns]
    numbers = {n for n, value in enumerate(first[0] if first else ()) if _is_number(value)}
    page = {
        "title": title,
        "headings": [(text, n in numbers) for n, text in enumerate(headings)],
        "most": MOST_ROWS,
        "filters": [(name, str(value)) for name, value in (filters or {}).items() if value],
    }
    head, tail = render_to_string("printed.html", page, request).split(ROWS)
    return StreamingHttpResponse(map(str.encode, _page(head, chain(first, rest), tail)))


def _page(head: str, rows: Iterator[Sequence[Any]], tail: str) -> Iterator[str]:
    yield head
    shown = islice(rows, MOST_ROWS)
    while batch := list(islice(shown, BATCH)):
        yield "".join(map(_row, batch))
    is_whole = next(rows, None) is None
    yield tail if is_whole else tail.replace(HIDDEN, "")


def _row(values: Sequence[Any]) -> str:
    return format_html("<tr>{}</tr>\n", format_html_join("", "{}", ((_cell(v),) for v in values)))


def _cell(value: Any) -> str:
    if _is_number(value):
        return format_html('<td class="number">{}</td>', f"{value:,}")
    if isinstance(value, datetime):
        return format_html('<td class="when">{}</td>', f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}")
    return format_html("<td><bdi>{}</bdi></td>", value if value is not None else "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
