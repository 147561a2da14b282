"""The log, replayed by a projection's own code into temporary tables."""

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
from ..eventstore.contracts import contracts, stored_as
from ..eventstore.log import END
from ..eventstore.recorded import SELECT, recorded
from ..messaging import heard_by
from .settling import settle
from .tables import Unreplayable

# One batch of a replay. The more events it has, the more of them meet in one row, which is written
# once; but all of them are in memory. Whichever comes first: so many, or so much text in them.
MOST_EVENTS, MOST_TEXT = 50_000, 20_000_000
FETCHED = 1000  # rows at a time from a cursor at the server
FEW = 1000  # as many events as may be left for the end, while others wait or a snapshot lasts
# Without those that the code knows and the projection does not hear. An event that the code does
# not know comes along, and stops the replay: none is skipped because nobody knows it.
LOG = (
    SELECT
    + """WHERE position > %s AND position <= %s AND (type, schema_version) NOT IN
        (SELECT * FROM unnest(%s::text[], %s::int[])) ORDER BY position"""
)
TARGET = re.compile(r'(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+([\w."]+)', re.IGNORECASE)
READ_ONLY_TRANSACTION = "25006"


Watch = Callable[..., Iterator[Any]]


def projection(name: str) -> ModuleType:
    """The module of a projection in `settings.PROJECTIONS`."""
    if name not in settings.PROJECTIONS:
        known = ", ".join(settings.PROJECTIONS)
        raise Unreplayable(f"There is no projection {name!r}. There are: {known}.")
    return import_module(settings.PROJECTIONS[name])


def replay(module: ModuleType, *, after: int = 0, upto: int = END) -> Iterator[tuple[int, int]]:
    """Feed a projection the events between two positions, in batches; yields after each how many
    events it had, and its last position.

    Each batch is a transaction of its own, or a part of the one that is open. In a single one the
    old versions of the temporary rows could not be cleared away, and took longer and longer.
    """
    with _tables_declared(module), _no_garbage():
        while batch := _batch(module, after, upto):
            _, after = batch
            yield batch


def catch_up(name: str, module: ModuleType, position: int, watch: Watch) -> int:
    """Replay until few events are left; returns the position reached, to which all is settled.

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
    heard = stored_as(heard_by(module.project))
    unheard = [key for key in contracts() if key not in heard]
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
    """The events of a query that begins with `SELECT`, batch by batch, through a cursor at the
    server: in flat memory."""
    with _no_garbage(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(FETCHED):
            yield [recorded(row) for row in rows]


@contextmanager
def _no_garbage() -> Generator[None, None, None]:
    """Without the search for garbage: events hold no cycles, and going through them again and again
    took 40 % of the time of a replay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def read_only() -> Generator[None, None, None]:
    """A transaction, or a part of one, that can write to temporary tables alone."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield


def _tables_declared(module: ModuleType) -> AbstractContextManager[None]:
    """Name the table when a projection writes to one that is not among its MODELS."""

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
