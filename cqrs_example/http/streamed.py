"""Long lists as JSON for programs and as CSV for spreadsheets. Memory does not grow with a list."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

BATCH = 2000  # the rows that the server's cursor fetches at once
CSV = "text/csv; charset=utf-8"
JSON = "application/json; charset=utf-8"
encode = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# A spreadsheet takes a cell that begins so for a formula, which could send its contents elsewhere.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def as_json_list(
    request: HttpRequest, rows: Iterable[Any] | QuerySet[Any, Any]
) -> HttpResponseBase:
    """The answer with the rows as a JSON list, in the same bytes as `as_json` has.

    Up to `BATCH` rows are one answer with its length; more are sent while they are read. The first
    rows are read before the answer begins, so that a database that does not answer becomes 503. If
    it fails later, the connection breaks, and the text that was sent is no complete JSON.
    """
    chunks = _chunks(rows.iterator(BATCH) if isinstance(rows, QuerySet) else iter(rows))
    first, second = next(chunks), next(chunks, None)
    if second is None:
        return HttpResponse(first, content_type=JSON)
    everything = chain([first, second], chunks)
    if request.method == "HEAD":
        length = sum(map(len, everything))
        return HttpResponse(content_type=JSON, headers={"Content-Length": str(length)})
    return StreamingHttpResponse(everything, content_type=JSON)


def _chunks(rows: Iterator[Any]) -> Iterator[bytes]:
    batch, begin = list(islice(rows, BATCH)), "["
    while True:
        following = list(islice(rows, BATCH))
        yield (begin + encode(batch)[1:-1] + ("" if following else "]")).encode()
        if not following:
            return
        batch, begin = following, ","


def as_csv(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """The answer with the rows as a CSV file of this name, sent while they are read.

    The file is UTF-8, and begins with the byte order mark by which Excel recognizes that. Text that
    a spreadsheet would take for a formula gets an apostrophe before it. If the database fails on
    the way, the connection breaks, and the browser shows an error.
    """
    response = StreamingHttpResponse(_csv(header, iter(rows)), content_type=CSV)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _csv(header: Sequence[str], rows: Iterator[Sequence[Any]]) -> Iterator[bytes]:
    begin, batch = "\ufeff", [header, *islice(rows, BATCH)]
    while batch:
        text = io.StringIO()
        csv.writer(text).writerows([_cell(value) for value in row] for row in batch)
        yield (begin + text.getvalue()).encode()
        begin, batch = "", list(islice(rows, BATCH))


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
