"""Rules that must hold for changes that were undone; `manage.py verify` checks them."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import ProductChangeUndone, ProductEvent, change


def undone(stream: Iterable[RecordedEvent[ProductEvent]]) -> Iterator[str]:
    """Each undone event is earlier in the stream, was reversed exactly, and only once."""
    happened: dict[UUID, tuple[int, int]] = {}  # version and change of what can still be undone
    for event in stream:
        data = event.data
        if not isinstance(data, ProductChangeUndone):
            happened[event.id] = event.version, change(data)
        elif happened.pop(data.undone, None) != (data.undone_version, -data.change):
            yield (
                f"{event.stream}: version {event.version} undoes the event {data.undone}, which is"
                f" not version {data.undone_version} with a change of {-data.change},"
                " or was undone before"
            )
