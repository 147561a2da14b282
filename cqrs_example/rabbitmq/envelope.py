"""An event as a message in the format CloudEvents 1.0, as structured JSON.

The data of the event is as the log has it: nothing is decoded or upcast.
"""

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
    """The CloudEvent of a row; `previous` is the position of the event before it in the log."""
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
    # Other applications do not get to know who did what, unless a setting names these metadata.
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
    """The `traceparent` of W3C's Trace Context.

    It is that of the span that recorded the event. If no span did, all events of a correlation
    belong to one trace.
    """
    request: Any = metadata.get("request")
    recorded = str(cast(Any, request).get("traceparent")) if isinstance(request, dict) else ""
    if re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", recorded):
        return recorded
    return f"00-{UUID(correlation).hex}-{UUID(event_id).hex[:16]}-01"


def message(row: Row, previous: int) -> amqp.Message:
    """The message with the envelope of a row; it is persistent, so it survives a restart of the
    broker."""
    return amqp.Message(
        json.dumps(envelope(row, previous), ensure_ascii=False).encode(),
        content_type="application/cloudevents+json",
        delivery_mode=2,
        message_id=row[1],
        correlation_id=row[7],
    )


def routing_key(row: Row) -> str:
    """The routing key of a row, `<type>.v<schema version>`, such as `bank.Withdrawn.v1`.

    Other applications bind their queues to it, or to a pattern such as `bank.#`.
    """
    return f"{row[4]}.v{row[5]}"
