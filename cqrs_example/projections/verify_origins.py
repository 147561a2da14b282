"""Check where events come from: ids, causes and times are as commands record them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import starmap
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.db import connection
from django.utils import timezone

from .replay import FETCHED

CLOCK = timedelta(minutes=1)  # a server's clock may have been set back by this much
MOST_ISSUED = 1000  # the most commands of one name for one event whose ids are tried

# The number of an event among those of its command, and the event that caused it, if its cause is
# an event at a lower position.
ORIGINS = """
    SELECT event.id, event.position, event.stream, event.causation_id, event.correlation_id,
        {recorded_at}, {occurred_at}, event.metadata->'command'->>'id',
        event.metadata->'command'->>'name',
        row_number() OVER (PARTITION BY event.metadata->'command'->>'id' ORDER BY event.position),
        cause.correlation_id,
        lag({recorded_at}) OVER (PARTITION BY event.stream ORDER BY event.version),
        first_value((event.causation_id, event.correlation_id, event.metadata::text)::text) OVER (
            PARTITION BY event.metadata->'command'->>'id' ORDER BY event.position)
            = (event.causation_id, event.correlation_id, event.metadata::text)::text,
        event.recorded_at::text, event.occurred_at::text
    FROM eventstore_event AS event
    LEFT JOIN eventstore_event AS cause
        ON cause.id = event.causation_id AND cause.position < event.position
    ORDER BY event.position
"""
# NULL for times that Postgres can hold and Python cannot: infinity, and years outside 1 to 9999.
READABLE = (
    "CASE WHEN event.{0} > '0001-01-02 UTC' AND event.{0} < '9999-12-30 UTC' THEN event.{0} END"
)


class Origin(NamedTuple):
    """A row of ORIGINS. `as_first` says whether cause, correlation and metadata are those of the
    command's first event. `command` is None if no command of `messaging` recorded the event. A time
    that Python cannot read is None, and is there as text."""

    id: UUID
    position: int
    stream: str
    causation_id: UUID
    correlation_id: UUID
    recorded_at: datetime | None
    occurred_at: datetime | None
    command: str | None
    name: str | None
    number: int
    correlation_of_cause: UUID | None
    recorded_before: datetime | None
    as_first: bool
    recorded_text: str
    occurred_text: str


def wrong_origins() -> Iterator[str]:
    """A sentence for each id, cause or time that is wrong, in the order of the log."""
    now = timezone.now()
    with connection.chunked_cursor() as cursor:
        times = {name: READABLE.format(name) for name in ("recorded_at", "occurred_at")}
        cursor.execute(ORIGINS.format(**times))
        while rows := cursor.fetchmany(FETCHED):
            for origin in starmap(Origin, rows):
                for finding in (*_of_the_command(origin), *_of_times(origin, now)):
                    yield f"event {origin.id} at position {origin.position} {finding}"


def _of_the_command(origin: Origin) -> Iterator[str]:
    if origin.command is None:
        return
    command = _uuid(origin.command)
    if command is None or origin.id != uuid5(command, str(origin.number)):
        yield f"does not have the id of event {origin.number} of its command {origin.command}"
    if not origin.as_first:
        yield f"differs from the first event of its command {origin.command} in what caused it"
    if origin.causation_id == command:
        return
    if origin.correlation_of_cause is None:
        cause = origin.causation_id
        yield f"names a cause that is neither its command nor an event before it: {cause}"
    elif origin.correlation_of_cause != origin.correlation_id:
        yield f"does not have the correlation id of its cause {origin.causation_id}"
    elif not _is_issued_for(origin, command):
        yield f"was not caused by {origin.causation_id}: its command's id is not made of that"


def _is_issued_for(origin: Origin, command: UUID | None) -> bool:
    """Whether the command's id is that of a command which a policy issues for this event."""
    names = (origin.name if n == 1 else f"{origin.name} {n}" for n in range(1, MOST_ISSUED))
    return any(command == uuid5(origin.causation_id, str(name)) for name in names)


def _of_times(origin: Origin, now: datetime) -> Iterator[str]:
    if origin.recorded_at is None:
        yield f"is recorded at a time that cannot be read: {origin.recorded_text}"
    if origin.occurred_at is None:
        yield f"is said to have occurred at a time that cannot be read: {origin.occurred_text}"
    if origin.recorded_at is None or origin.occurred_at is None:
        return
    if origin.recorded_at > now + CLOCK:
        yield f"is recorded in the future, at {origin.recorded_at}"
    if origin.recorded_before and origin.recorded_at < origin.recorded_before - CLOCK:
        yield f"is recorded at {origin.recorded_at}, before the one before it in {origin.stream}"
    if origin.occurred_at > origin.recorded_at + CLOCK:
        yield f"is said to have occurred at {origin.occurred_at}, after it was recorded"


@lru_cache(maxsize=1000)  # the events of one command stand together
def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
