"""The log, replayed by a projection's own code into temporary tables."""

import gc
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import InternalError, connection, models, transaction

from ..eventstore import RecordedEvent, settled_position
from ..eventstore.log import END
from ..eventstore.recorded import SELECT, query, recorded

BATCH = 10_000
FEW = 1000  # as many events as may be left for the end, while others wait or a snapshot lasts
LOG = SELECT + "WHERE position > %s AND position <= %s ORDER BY position LIMIT %s"
TARGET = re.compile(r'(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+([\w."]+)', re.IGNORECASE)
WHERE_IT_IS = """
    SELECT format('%%I.%%I', nspname, relname) FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = to_regclass(%s)
"""
NOT_NEEDED = """
    SELECT indexrelid::regclass::text FROM pg_index
    WHERE indrelid = %s::regclass AND NOT indisunique
"""
READ_ONLY_TRANSACTION = "25006"


Watch = Callable[..., Iterator[Any]]


class Unreplayable(Exception):
    """A projection that cannot be replayed; the message says why, and what to do."""


@dataclass(frozen=True)
class Table:
    """A read model's table, while a temporary one hides it.

    name    found where the session looks first: the temporary one
    live    with its schema: the one that everybody sees
    key     the columns that identify a row
    values  the other columns that the projection determines
    """

    name: str
    live: str
    key: Sequence[str]
    values: Sequence[str]

    @property
    def columns(self) -> list[str]:
        return [*self.key, *self.values]

    @property
    def same_key(self) -> str:
        """SQL: whether a `live` and a `new` row are the same one."""
        return " AND ".join(f"live.{one} = new.{one}" for one in self.key)

    @property
    def same_values(self) -> str:
        """SQL: whether they look the same. NULL is the same as NULL."""
        pairs = [f"live.{one} IS NOT DISTINCT FROM new.{one}" for one in self.values]
        return " AND ".join(pairs) or "true"


def projection(name: str) -> ModuleType:
    """The module of a projection in `settings.PROJECTIONS`."""
    if name not in settings.PROJECTIONS:
        known = ", ".join(settings.PROJECTIONS)
        raise Unreplayable(f"There is no projection {name!r}. There are: {known}.")
    return import_module(settings.PROJECTIONS[name])


@contextmanager
def session() -> Iterator[None]:
    """A database session of its own, without the limits that web requests have."""
    connection.close()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            # Along the indexes: without statistics, as after an import, Postgres would rather sort
            # the whole log for each batch.
            cursor.execute("SET enable_sort = off")
        yield
    finally:
        connection.close()


@contextmanager
def temporary_tables(module: ModuleType) -> Iterator[list[Table]]:
    """Hide the tables of a projection from this session behind empty ones of the same names.

    In a new session, which ends with this: statements prepared before would know the other tables.
    """
    with session():
        with connection.cursor() as cursor:
            tables = [_table(cursor, model) for model in module.MODELS]
            for table in tables:
                _create(cursor, table)
        yield tables


def replay(
    module: ModuleType, *, after: int = 0, upto: int = END
) -> Iterator[tuple[list[RecordedEvent], int]]:
    """Feed a projection the events between two positions; yields each batch, and its last position.

    Each batch is a transaction of its own, or a part of the one that is open. In a single one the
    old versions of the temporary rows could not be cleared away, and took longer and longer.
    """
    with _tables_declared(module), _no_garbage():
        while events := _batch(module, after, upto):
            after = events[-1].position
            yield events, after


def catch_up(module: ModuleType, position: int, watch: Watch) -> int:
    """Replay until few events are left; returns the position reached, to which all is settled.

    `watch(steps, total)` goes through the steps, as `progress` does.
    """
    while True:
        settled = settled_position()
        steps = replay(module, after=position, upto=settled)
        count = sum(len(events) for events in watch(steps, settled))
        position = settled
        if count < FEW:
            return position


def _batch(module: ModuleType, after: int, upto: int) -> list[RecordedEvent]:
    with read_only():
        if events := query(LOG, [after, upto, BATCH]):
            module.project(events)
        return events


def streamed(sql: str, parameters: Sequence[Any] = ()) -> Iterator[list[RecordedEvent]]:
    """The events of a query that begins with `SELECT`, batch by batch, through a cursor at the
    server: in flat memory."""
    with _no_garbage(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(BATCH):
            yield [recorded(row) for row in rows]


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Without the search for garbage: events hold no cycles, and going through them again and again
    took 40 % of the time of a replay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def read_only() -> Iterator[None]:
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


def _table(cursor: Any, model: type[models.Model]) -> Table:
    options: Any = model._meta
    quote = connection.ops.quote_name
    name = quote(options.db_table)
    cursor.execute(WHERE_IT_IS, [name])
    if not (found := cursor.fetchone()):
        raise Unreplayable(f"There is no table {name}: run `manage.py migrate` first.")
    key = [quote(column) for column in _key(model)]
    columns = [quote(one.column) for one in options.concrete_fields if not _given(one)]
    return Table(name, found[0], key, [one for one in columns if one not in key])


def _create(cursor: Any, table: Table) -> None:
    # Rows are changed many times in a replay: there is room to do it in place, and no index to
    # keep up but those that a projection may rely on.
    like = f"(LIKE {table.live} INCLUDING ALL) WITH (fillfactor = 50)"
    cursor.execute(f"CREATE TEMP TABLE {table.name} {like}")
    cursor.execute(NOT_NEEDED, [table.name])
    for (index,) in cursor.fetchall():
        cursor.execute(f"DROP INDEX {index}")


def _given(field: Any) -> bool:
    """Whether the database fills in this column: nothing that a replay would repeat."""
    return field.generated or field is field.model._meta.auto_field


def _key(model: type[models.Model]) -> list[str]:
    """The columns that identify a row: the primary key, or what else is unique if it is a number
    that the database gives."""
    options: Any = model._meta
    if options.auto_field is None:
        return [field.column for field in options.pk_fields]
    for field in options.concrete_fields:
        if field.unique and not field.primary_key:
            return [field.column]
    for constraint in options.total_unique_constraints:
        return [options.get_field(name).column for name in constraint.fields]
    raise Unreplayable(
        f"{options.label} has an automatic primary key and nothing unique beside it:"
        " its rows cannot be told apart. Give it a UniqueConstraint."
    )
