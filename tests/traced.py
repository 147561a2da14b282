"""Spans, as an exporter takes them."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

COMMANDS = ["cqrs_example.telemetry.spans.command"]
HANDLERS = ["cqrs_example.telemetry.spans.handler"]
DELIVERIES = ["cqrs_example.telemetry.spans.delivery"]
SENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    """There can be one provider in a process, and it stays."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter, settings: Any) -> Iterator[Any]:
    settings.AROUND_COMMANDS, settings.AROUND_HANDLERS = COMMANDS, HANDLERS
    settings.AROUND_DELIVERIES = DELIVERIES
    exporter.clear()
    yield lambda: {span.name: span for span in exporter.get_finished_spans()}
    exporter.clear()
