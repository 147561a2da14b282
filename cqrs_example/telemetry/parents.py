"""The W3C trace context: read it from requests, and find it in the metadata of events."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import cast

from django.http import HttpRequest, HttpResponse
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

# Only these headers, whatever propagators are configured: baggage may hold anything, and must not
# get into the log.
W3C = TraceContextTextMapPropagator()
NAMES = ("traceparent", "tracestate")
MOST_LINKS = 128  # what OpenTelemetry's SDK keeps


def receive(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Middleware by which all that a request causes belongs to the sender's trace (`traceparent`).

    If an instrumentation of Django has begun a span for the request, it changes nothing.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        # Most requests bring none, and pay for one look.
        if "HTTP_TRACEPARENT" not in request.META:
            return get_response(request)
        if trace.get_current_span().get_span_context().is_valid:
            return get_response(request)
        sent = {name: request.headers[name] for name in NAMES if name in request.headers}
        token = context.attach(W3C.extract(sent))
        try:
            return get_response(request)
        finally:
            context.detach(token)

    return middleware


def carried() -> dict[str, str]:
    """The current span, as headers; empty if there is none."""
    carrier: dict[str, str] = {}
    W3C.inject(carrier)
    return carrier


def kept_with(metadata: str) -> Context | None:
    """The span of the command that recorded an event, from its metadata, which are JSON; or None.

    An import may have written any values there.
    """
    request = _mapping(_mapping(json.loads(metadata)).get("request"))
    sent = {name: text for name in NAMES if isinstance(text := request.get(name), str)}
    found = W3C.extract(sent)
    return found if _span(found).is_valid else None


def links(origins: Sequence[str]) -> list[Link]:
    """Links to the spans of the commands that recorded events; `origins` are their metadata."""
    return list(islice(_links(origins), MOST_LINKS))


def _mapping(value: object) -> Mapping[str, object]:
    return cast(Mapping[str, object], value) if isinstance(value, dict) else {}


def _links(origins: Sequence[str]) -> Iterator[Link]:
    seen: set[tuple[int, int]] = set()
    for origin in origins:
        if found := kept_with(origin):
            span = _span(found)
            if (span.trace_id, span.span_id) not in seen:
                seen.add((span.trace_id, span.span_id))
                yield Link(span)


def _span(found: Context) -> trace.SpanContext:
    return trace.get_current_span(found).get_span_context()
