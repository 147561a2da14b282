"""An event as JSON, for copies, downloads and exports."""

from dataclasses import is_dataclass
from typing import Any

from ..eventstore import RecordedEvent
from ..eventstore.codecs import from_jsonb, written
from .looking import Unreadable


def as_json(event: RecordedEvent[Any]) -> dict[str, Any]:
    """All columns of an event, with ids as text and times in ISO 8601 with their offset.

    The data of an event that the code cannot read is as the log has it.
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
        "metadata": from_jsonb(event.row[9]),
        "recorded_at": event.recorded_at.isoformat(),
        "occurred_at": event.occurred_at.isoformat(),
    }


def _fields(data: Any) -> Any:
    if isinstance(data, Unreadable):
        return data.stored
    return written(data) if is_dataclass(data) else data
