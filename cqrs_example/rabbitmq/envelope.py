"""An event as a message: CloudEvents 1.0, structured JSON. Data goes as it is stored."""

import json
import re
from typing import Any, cast
from uuid import UUID

import amqp
from django.conf import settings

from ..eventstore.codecs import mapping_from_jsonb
from ..eventstore.readable import moment, nearest
from ..subscriptions.following import Row
from .broker import exchange


def envelope(row: Row, previous: int) -> dict[str, Any]:
    """The event of a row; `previous` is the position of the one before it in the whole log."""
    position, event_id, stream, version, kind, schema_version, data = row[:7]
    correlation, causation, metadata = row[7], row[8], mapping_from_jsonb(row[9])
    # Of a time that Python cannot hold, the nearest: older logs have some.
    recorded_at, occurred_at = (moment(nearest(text)).isoformat() for text in row[10:12])
    extensions = {
        "position": position,
        "previous": previous,
        "streamversion": version,
        "schemaversion": schema_version,
        "correlationid": correlation,
        "causationid": causation,
        "occurredat": occurred_at,
        "traceparent": _traceparent(metadata, correlation, event_id),
    }
    # Who did what is nobody else's business, except for what a setting names.
    kept = getattr(settings, "MESSAGE_METADATA", ())
    if shown := {name: value for name, value in metadata.items() if name in kept}:
        extensions["metadata"] = json.dumps(shown)
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/{exchange()}",
        "type": kind,
        "subject": stream,
        "time": recorded_at,
        "datacontenttype": "application/json",
        "data": json.loads(data),
        **extensions,
    }


def _traceparent(metadata: dict[str, Any], correlation: str, event_id: str) -> str:
    """As W3C's trace context has it: the span that recorded the event, where it was traced;
    otherwise all of one request are one trace."""
    request: Any = metadata.get("request")
    recorded = str(cast(Any, request).get("traceparent")) if isinstance(request, dict) else ""
    if re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", recorded):
        return recorded
    return f"00-{UUID(correlation).hex}-{UUID(event_id).hex[:16]}-01"


def message(row: Row, previous: int) -> amqp.Message:
    """The same, ready to be published; it outlives a restart of the broker."""
    return amqp.Message(
        json.dumps(envelope(row, previous), ensure_ascii=False).encode(),
        content_type="application/cloudevents+json",
        delivery_mode=2,
        message_id=row[1],
        correlation_id=row[7],
    )


def routing_key(row: Row) -> str:
    """`<type>.v<schema version>`, as strangers bind to it: `bank.Withdrawn.v1`, `bank.#`."""
    return f"{row[4]}.v{row[5]}"
