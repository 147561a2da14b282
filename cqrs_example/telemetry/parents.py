"""The W3C trace context: taken from requests, kept with events, and found there again."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

# Whatever else is propagated: no baggage, which may hold anything, goes into the log.
W3C = TraceContextTextMapPropagator()
MOST_LINKS = 128  # what OpenTelemetry's SDK keeps


def receive(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Middleware: what a request sets in motion belongs to the sender's trace (`traceparent`).

    Where an instrumentation of Django has begun a span for the request, that is left alone.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if trace.get_current_span().get_span_context().is_valid:
            return get_response(request)
        names = ("traceparent", "tracestate")
        sent = {name: request.headers[name] for name in names if name in request.headers}
        token = context.attach(W3C.extract(sent))
        try:
            return get_response(request)
        finally:
            context.detach(token)

    return middleware


def carried() -> dict[str, str]:
    """The current span, as headers; nothing where there is none."""
    carrier: dict[str, str] = {}
    W3C.inject(carrier)
    return carrier


def kept_with(metadata: Mapping[str, Any]) -> Context | None:
    """The span of the command that recorded an event, as its metadata has it."""
    request: dict[str, Any] = metadata.get("request") or {}
    if not isinstance(request.get("traceparent"), str):
        return None
    found = W3C.extract({name: text for name, text in request.items() if isinstance(text, str)})
    return found if _span(found).is_valid else None


def links(origins: Sequence[Mapping[str, Any] | str]) -> list[Link]:
    """To the spans of the commands that recorded some events, by their metadata or its JSON."""
    return list(_links(origins))[:MOST_LINKS]


def _links(origins: Sequence[Mapping[str, Any] | str]) -> Iterator[Link]:
    seen: set[tuple[int, int]] = set()
    for origin in origins:
        metadata = json.loads(origin) if isinstance(origin, str) else origin
        if found := kept_with(metadata):
            span = _span(found)
            if (span.trace_id, span.span_id) not in seen:
                seen.add((span.trace_id, span.span_id))
                yield Link(span)


def _span(found: Context) -> trace.SpanContext:
    return trace.get_current_span(found).get_span_context()
