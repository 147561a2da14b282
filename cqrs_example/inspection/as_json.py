"""One event as JSON: what is copied, downloaded and exported."""

from dataclasses import asdict, is_dataclass
from typing import Any

from ..eventstore import RecordedEvent
from .looking import Unreadable


def as_json(event: RecordedEvent[Any]) -> dict[str, Any]:
    """All columns of an event; ids as text, times in ISO 8601 with their offset.

    What an event cannot be read as is given as it is stored. Dump it with `default=str`: the
    event's own fields may be decimals, dates or UUIDs.
    """
    return {
        "position": event.position,
        "id": str(event.id),
        "stream": event.stream,
        "version": event.version,
        "type": event.type,
        "schema_version": event.schema_version,
        "correlation_id": str(event.correlation_id),
        "causation_id": str(event.causation_id),
        "data": _fields(event.data),
        "metadata": event.metadata,
        "recorded_at": event.recorded_at.isoformat(),
        "occurred_at": event.occurred_at.isoformat(),
    }


def _fields(data: Any) -> Any:
    if isinstance(data, Unreadable):
        return data.stored
    return asdict(data) if is_dataclass(data) and not isinstance(data, type) else data
