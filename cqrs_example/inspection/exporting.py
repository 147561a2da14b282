"""The events of a search or of a stream as a file."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from ..eventstore import RecordedEvent
from ..eventstore.log import BATCH
from . import finding
from .as_json import as_json
from .stream_page import stream_name, within


def export(request: HttpRequest) -> StreamingHttpResponse:
    """All events of a search, or of the stream that `?name=` names, oldest first, as JSON lines.

    Memory does not grow with the file. If the database fails on the way, the connection breaks and
    the file ends early.
    """
    name = stream_name(request)
    if name is None:
        events = _all_found(finding.plan(finding.parse(request.GET)))
    else:
        events = _all_within(name)
    lines = (json.dumps(as_json(event), ensure_ascii=False, default=str) + "\n" for event in events)
    response = StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="events.jsonl"'
    return response


def _all_found(walk: finding.Walk) -> Iterator[RecordedEvent[Any]]:
    after: int | None = 0
    while after is not None:
        events = finding.fetch(walk, after=after, backwards=False, limit=BATCH)
        yield from events
        if len(events) == BATCH:
            after = events[-1].position
        else:
            after = finding.walked_to(walk, after=after, backwards=False)


def _all_within(name: str) -> Iterator[RecordedEvent[Any]]:
    after = 0
    while events := within(name, after=after, backwards=False, limit=BATCH):
        yield from events
        after = events[-1].version
