"""Lists of any length as a page for paper: all rows, in flat memory, and no forms."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join

from .streamed import BATCH

MOST_ROWS = 20_000  # some 400 sheets
ROWS = "<!-- rows -->"  # where they come, in `printed.html`
HIDDEN = ' hidden id="more"'  # what is said there where there are more


def as_printed(
    request: HttpRequest, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """The columns and rows that `as_csv` takes, as one table, sent while they are read. The name of
    a column in capitals, such as ID, stays so. The table has `MOST_ROWS` at most, and says so where
    it ends.

    If the database fails on the way the connection breaks, and the browser says that it did.
    """
    found = iter(rows)
    first = list(islice(found, BATCH))  # read here, so that a database that is away is 503
    headings = [name if name.isupper() else name.replace("_", " ").capitalize() for name in columns]
    numbers = {n for n, value in enumerate(first[0] if first else ()) if _is_number(value)}
    page = {
        "title": title,
        "headings": [(text, n in numbers) for n, text in enumerate(headings)],
        "most": MOST_ROWS,
        "filters": [pair for pair in request.GET.items() if pair[0] != "format" and pair[1]],
    }
    head, tail = render_to_string("printed.html", page, request).split(ROWS)
    return StreamingHttpResponse(map(str.encode, _page(head, chain(first, found), tail)))


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
