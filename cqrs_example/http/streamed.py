"""A list of any length as JSON, in flat memory."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

BATCH = 2000  # rows that are fetched at once, by a cursor of the server
JSON = "application/json; charset=utf-8"
encode = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def as_json_list(
    request: HttpRequest, rows: Iterable[Any] | QuerySet[Any, Any]
) -> HttpResponseBase:
    """The rows as a JSON list: the same bytes as `as_json` gives for them, and for up to `BATCH` of
    them the same answer. More are sent while they are read.

    The first ones are read here, so that a database that is away is 503. If it fails later the
    answer ends early, with a broken connection, and what came is no JSON.
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
