"""Replay the log through a projection's own code, into temporary tables."""

import gc
import re
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import InternalError, connection, transaction

from ..eventstore import RecordedEvent
from ..eventstore.log import END
from ..eventstore.recorded import SELECT, recorded
from ..messaging.hearing import unheard_by
from .settling import settle
from .tables import Unreplayable

# A batch of a replay ends at so many events, or at so many characters. In a larger batch more
# events change the same row, which is written once; but all events of a batch are in memory.
MOST_EVENTS, MOST_TEXT = 50_000, 20_000_000
FETCHED = 1000  # rows at a time from a cursor at the server
FEW = 1000  # the most events that are left for the end, while writers wait or a snapshot is open
# Leaves out events that the code knows and the projection does not hear. An event that the code
# does not know is not left out, and stops the replay.
LOG = (
    SELECT
    + """WHERE position > %s AND position <= %s AND (type, schema_version) NOT IN
        (SELECT * FROM unnest(%s::text[], %s::int[])) ORDER BY position"""
)
TARGET = re.compile(r'(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+([\w."]+)', re.IGNORECASE)
READ_ONLY_TRANSACTION = "25006"


Watch = Callable[..., Iterator[Any]]


def projection(name: str) -> ModuleType:
    """The module of a projection in `settings.PROJECTIONS`; raises `Unreplayable` without it."""
    if name not in settings.PROJECTIONS:
        known = ", ".join(settings.PROJECTIONS)
        raise Unreplayable(f"There is no projection {name!r}. There are: {known}.")
    return import_module(settings.PROJECTIONS[name])


def replay(module: ModuleType, *, after: int = 0, upto: int = END) -> Iterator[tuple[int, int]]:
    """Call a projection with the events between two positions (`after` is exclusive), in batches.
    Yields the number of events of each batch and its last position.

    Each batch is a transaction of its own, or a part of the open one. In one long transaction
    Postgres could not remove old versions of the temporary rows, and became slower and slower.
    """
    with _tables_declared(module), _no_garbage():
        while batch := _batch(module, after, upto):
            _, after = batch
            yield batch


def catch_up(name: str, module: ModuleType, position: int, watch: Watch) -> int:
    """Replay until few events are left; returns the settled position that was reached.

    `watch(steps, total)` goes through the steps, as `progress` does.
    """
    while True:
        settled = settle(name)
        steps = replay(module, after=position, upto=settled)
        count = sum(watch(steps, settled))
        position = settled
        if count < FEW:
            return position


def _batch(module: ModuleType, after: int, upto: int) -> tuple[int, int] | None:
    events: list[RecordedEvent[Any]] = []
    text = 0
    unheard = unheard_by(module.project)
    with read_only():
        with connection.chunked_cursor() as cursor:
            cursor.execute(LOG, [after, upto, *as_columns(unheard)])
            while rows := cursor.fetchmany(FETCHED):
                events += map(recorded, rows)
                text += sum(len(row[6]) + len(row[9]) for row in rows)
                if len(events) >= MOST_EVENTS or text >= MOST_TEXT:
                    break
        if not events:
            return None
        module.project(events)
        return len(events), events[-1].position


def as_columns(keys: Collection[tuple[str, int]]) -> tuple[list[str], list[int]]:
    """Stored types and schema versions as two parameters, for `unnest`."""
    return [name for name, _ in keys], [version for _, version in keys]


def streamed(sql: str, parameters: Sequence[Any] = ()) -> Iterator[list[RecordedEvent[Any]]]:
    """The events of a query that begins with `recorded.SELECT`, in batches, through a cursor of the
    server, so that memory does not grow with their number."""
    with _no_garbage(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(FETCHED):
            yield [recorded(row) for row in rows]


@contextmanager
def _no_garbage() -> Generator[None, None, None]:
    """Switch the cyclic garbage collector off: it would look through all events again and again,
    and events hold no cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def read_only() -> Generator[None, None, None]:
    """A transaction, or a part of one, that can write to temporary tables only."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield


def _tables_declared(module: ModuleType) -> AbstractContextManager[None]:
    """Raise `Unreplayable` with a table's name if a projection writes to one not in its MODELS."""

    def run(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        try:
            return execute(sql, *rest)
        except InternalError as error:
            if getattr(error.__cause__, "sqlstate", None) != READ_ONLY_TRANSACTION:
                raise
            target = match[1] if (match := TARGET.search(sql)) else sql
            raise Unreplayable(
                f"{module.__name__} writes to {target}, which is not a table of its MODELS."
            ) from error

    return connection.execute_wrapper(run)
