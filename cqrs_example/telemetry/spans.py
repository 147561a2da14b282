"""Spans for each command, each call of a projection or policy, each COMMIT, and each delivery of a
worker or of the relay.

Names of attributes are those of OpenTelemetry's semantic conventions 1.45 for messaging and for
databases; names of ours begin with "cqrs". With the API alone, and no SDK, nothing is recorded and
nothing computed, and the sender's `traceparent` is passed on unchanged.
"""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from opentelemetry import trace
from opentelemetry.context import Context as Parents
from opentelemetry.trace import Link, NoOpTracer, ProxyTracer, Span, SpanKind, StatusCode

from ..eventstore import RecordedEvent
from ..eventstore.statements import counted
from ..messaging import CommandIdReused, Context, DomainError
from ..messaging.observing import observing_if
from . import VERSION
from .parents import carried, kept_with, links

SCHEMA = "https://opentelemetry.io/schemas/1.45.0"
TRACER = trace.get_tracer(__name__, VERSION, schema_url=SCHEMA)
LOG = {"messaging.system": "postgresql", "messaging.destination.name": "eventstore_event"}

# The time at which the last handler of a transaction returned, and its COMMIT began.
_done: ContextVar[int] = ContextVar("done", default=0)


def is_recorded(*arguments: object) -> bool:
    """Whether spans go anywhere. An SDK may be set up after this module is imported: commands and
    deliveries ask anew, and handlers, which are many, look at the last answer."""
    global _recorded
    _recorded = _records(trace.get_tracer_provider())
    return _recorded


@cache
def _records(provider: trace.TracerProvider) -> bool:
    return not isinstance(provider.get_tracer(__name__), NoOpTracer | ProxyTracer)


_recorded = is_recorded()


@observing_if(lambda *arguments: is_recorded() or carried())
def command(command: object, context: Context) -> Generator[Context, None, None]:
    """A context manager for `settings.AROUND_COMMANDS`: a span for all attempts at a command.

    The events of the command keep the span in their metadata, as `traceparent` of the request.
    """
    if not _recorded:
        yield _traced(context)
        return
    name = type(command).__name__
    attributes = {
        "cqrs.command.name": name,
        "cqrs.command.id": str(context.command_id),
        "messaging.message.conversation_id": str(context.correlation_id or context.command_id),
    }
    with _span(f"execute {name}", attributes=attributes):
        yield _traced(context)


def _traced(context: Context) -> Context:
    return replace(context, request={**context.request, **carried()})


@observing_if(lambda *arguments: _recorded)
def handler(name: str, events: Sequence[RecordedEvent[Any]]) -> Generator[None, None, None]:
    """A context manager for `settings.AROUND_HANDLERS`: a span for a projection or a policy.

    In the transaction of a command the span is a child of the command's. In a worker it belongs to
    the trace of the event that it hears. If it hears many events, it has links to their traces.
    """
    attributes: dict[str, Any] = {
        **LOG,
        "messaging.operation.name": "handle",
        "messaging.operation.type": "process",
        "messaging.destination.subscription.name": name,
    }
    if len(events) == 1:
        attributes["messaging.message.id"] = str(events[0].id)
        attributes["messaging.message.conversation_id"] = str(events[0].correlation_id)
    else:
        attributes["messaging.batch.message_count"] = len(events)
    parent, linked = _origins(name, events)
    with _span(f"handle {name}", attributes, parent=parent, linked=linked) as span:
        with counted() as statements:
            yield
        span.set_attribute("cqrs.statements", statements())
    _watch_commit()


@observing_if(is_recorded)
def delivery(name: str, rows: Sequence[Any]) -> Generator[None, None, None]:
    """A context manager for `settings.AROUND_DELIVERIES`: a span for the rows that a worker handles
    at once, or that the relay sends at once."""
    sends = name not in {**settings.PROJECTIONS, **settings.POLICIES}
    attributes = {
        **LOG,
        "messaging.operation.name": "send" if sends else "deliver",
        "messaging.operation.type": "send" if sends else "process",
        "messaging.batch.message_count": len(rows),
        "cqrs.position": rows[-1][0],
    }
    if sends:
        exchange = getattr(settings, "BROKER_EXCHANGE", "events")
        attributes |= {"messaging.system": "rabbitmq", "messaging.destination.name": exchange}
    else:
        attributes["messaging.destination.subscription.name"] = name
    kind = SpanKind.PRODUCER if sends else SpanKind.CONSUMER
    title = f"{attributes['messaging.operation.name']} {name}"
    with _span(title, attributes, kind=kind, linked=links([row[9] for row in rows])):
        yield


def _origins(name: str, events: Sequence[RecordedEvent[Any]]) -> tuple[Parents | None, list[Link]]:
    if name not in getattr(settings, "SUBSCRIPTIONS", ()):
        return None, []
    if len(events) == 1 and (parent := kept_with(events[0].row[9])):
        delivering = trace.get_current_span().get_span_context()
        return parent, [Link(delivering)] if delivering.is_valid else []
    return None, links([event.row[9] for event in events])


def _watch_commit() -> None:
    """Make a span from now to the end of the transaction, if this was its last handler."""
    done = time.time_ns()
    _done.set(done)
    parent = trace.set_span_in_context(trace.get_current_span())

    def committed() -> None:
        if _done.get() == done:
            attributes: dict[str, Any] = {
                "db.system.name": "postgresql",
                "db.namespace": str(connection.settings_dict["NAME"]),
                "db.operation.name": "COMMIT",
            }
            # Statements that wait are sent with COMMIT: see `eventstore.statements.later`.
            if (travelled := getattr(connection, "travelled", 0)) > 1:
                attributes["db.operation.batch.size"] = travelled
            span = TRACER.start_span("COMMIT", parent, SpanKind.CLIENT, attributes, start_time=done)
            span.end()

    transaction.on_commit(committed, robust=True)


@contextmanager
def _span(
    name: str,
    attributes: dict[str, Any],
    kind: SpanKind = SpanKind.INTERNAL,
    parent: Parents | None = None,
    linked: Sequence[Link] = (),
) -> Generator[Span, None, None]:
    """A span that has the type of the error that ended it.

    It does not have the error's text, which may hold fields of commands, as Postgres's DETAIL does.
    A refusal of the domain is no error.
    """
    quiet: dict[str, Any] = {"record_exception": False, "set_status_on_exception": False}
    with TRACER.start_as_current_span(name, parent, kind, attributes, linked, **quiet) as span:
        try:
            yield span
        except (DomainError, CommandIdReused):
            span.set_attribute("cqrs.outcome", "refused")
            raise
        except Exception as error:
            raised = type(error)
            span.add_event(
                "exception", {"exception.type": f"{raised.__module__}.{raised.__qualname__}"}
            )
            span.set_attribute("error.type", raised.__qualname__)
            span.set_status(StatusCode.ERROR, raised.__name__)
            raise
