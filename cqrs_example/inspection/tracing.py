"""What one request set in motion, as a tree: command, its events, who reacted, their events."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

from ..eventstore import RecordedEvent
from ..eventstore.recorded import COLUMNS
from .looking import look

MOST = 200
# Of a correlation id with more events than this, some of them will do: no index has them in order.
SORTED = 10_000
CORRELATED = f"""SELECT {COLUMNS} FROM (
        SELECT * FROM eventstore_event WHERE correlation_id = %s LIMIT {SORTED}) AS correlated
    ORDER BY position LIMIT %s"""  # noqa: S608 (no input in it)


@dataclass(frozen=True)
class Step:
    """A line of the tree; `depth` is its indentation, and an event has itself.

    A policy has the name of the command that it issued, or its own if it only appended.
    """

    depth: int
    kind: Literal["command", "policy", "event"]
    name: str
    event: RecordedEvent[Any] | None = None


def trace(correlation_id: UUID, limit: int = MOST) -> list[Step]:
    """The first events with this correlation id, each below what caused it.

    What has no known cause stands at the top; nothing is left out, not even events that say they
    cause each other.
    """
    events = look(CORRELATED, [correlation_id, limit])
    known = {event.id for event in events}
    caused = defaultdict[UUID, list[RecordedEvent[Any]]](list)
    for event in events:
        caused[event.causation_id].append(event)
    roots = [event for event in events if event.causation_id not in known]
    told: set[UUID] = set()
    # Those that remain after the roots cause each other in a circle: any of them may begin.
    return [step for begin in (roots, events) for step in _tell(begin, caused, told)]


def _tell(
    begin: Iterable[RecordedEvent[Any]],
    caused: dict[UUID, list[RecordedEvent[Any]]],
    told: set[UUID],
) -> Iterator[Step]:
    stack = [(0, event) for event in reversed(list(begin))]
    headed = None
    while stack:
        depth, event = stack.pop()
        if event.id in told:
            continue
        told.add(event.id)
        origin = _origin(event)
        head = (event.causation_id, origin.get("id"))
        if origin and head != headed:
            sent = depth == 0 and "fields" in origin
            kind: Literal["command", "policy"] = "command" if sent else "policy"
            yield Step(depth, kind, str(origin.get("name")))
        headed = head
        yield Step(depth + 1, "event", event.type, event)
        effects = caused.get(event.id, ())
        stack += [(depth + 2, effect) for effect in reversed(effects)]
        headed = None if effects else headed


def _origin(event: RecordedEvent[Any]) -> dict[str, Any]:
    """The command that the metadata tells of; of an import it may tell of none."""
    metadata: Any = event.metadata
    command = cast(Any, metadata).get("command") if isinstance(metadata, dict) else None
    return cast(dict[str, Any], command) if isinstance(command, dict) else {}
