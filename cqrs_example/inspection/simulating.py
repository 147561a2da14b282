"""Try a command: it shows the events and the rows that would change, and rolls all of it back.

    simulate(handler, command).events

A simulation has a transaction of its own with the same locks as the command's. It ends where COMMIT
would come: statements that wait are sent, and deferred constraints are checked. So it fails where
the command would fail. Functions that `on_commit` got are not called. Positions are used up.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import MISSING, dataclass, field, fields
from inspect import signature
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.utils.module_loading import import_string

from ..eventstore import NewEvent, RecordedEvent
from ..eventstore.codecs import built
from ..eventstore.codecs.table import hints_of
from ..messaging import Context, EventLog, execute
from ..messaging.hearing import command_of
from ..messaging.keys import key_fields
from .statistics import projection_models

MOST_ROWS = 200  # of one table
XID = "SELECT (pg_current_xact_id()::text::bigint % 4294967296)::text"
# The rows that this transaction has written (xmin), or has replaced or deleted, as other
# transactions still see them (xmax). There may be a few rows of later transactions among them, but
# these are equal before and after.
TOUCHED = "SELECT to_jsonb(touched)::text FROM {table} AS touched WHERE age({mark}) <= age(%s::xid)"
ROWS = """SELECT to_jsonb(live)::text FROM {table} AS live
    WHERE ({key}) IN (SELECT {key} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb))"""


@dataclass(frozen=True)
class Change:
    """A row of a read model before and after a command or an event; None where there is no row."""

    projection: str
    table: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """The columns whose values differ, or all if the row is new or deleted."""
        before, after = self.before or {}, self.after or {}
        names = [*after, *(name for name in before if name not in after)]
        pairs = {name: (before.get(name), after.get(name)) for name in names}
        both = self.before is not None and self.after is not None
        return {name: pair for name, pair in pairs.items() if not both or pair[0] != pair[1]}

    @property
    def key(self) -> Mapping[str, Any]:
        return self.after or self.before or {}


@dataclass
class Simulation(EventLog):
    """A log for `execute` in which the transaction rolls back, and which keeps what happened."""

    events: list[RecordedEvent[Any]] = field(default_factory=list[RecordedEvent[Any]])
    changes: list[Change] = field(default_factory=list[Change])
    is_watched = False  # so that telemetry and timings do not count it as a command

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        self.events.clear()  # those of an earlier attempt, which met a deadlock
        with transaction.atomic(durable=True):
            yield
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            self.changes = list(_changes())
            transaction.set_rollback(True)

    def append_many(self, new: Sequence[NewEvent[Any]], **origin: Any) -> list[RecordedEvent[Any]]:
        events = super().append_many(new, **origin)
        self.events += events
        return events

    def here(self, entries: Mapping[str, str]) -> list[tuple[str, str]]:
        """All handlers, even those that workers would call later."""
        return list(entries.items())


def simulate(handler: Callable[..., Any], command: object, actor: str = "anonymous") -> Simulation:
    """Carry out a command, keep its events and changes, and roll back; raises as `execute` does."""
    simulation = Simulation()
    execute(handler, command, Context(actor=actor), simulation)
    return simulation


def handlers() -> dict[str, Callable[..., Any]]:
    """The names of commands, each with its handler in `settings.COMMANDS`, if that takes only the
    command."""
    listed = [import_string(path) for path in getattr(settings, "COMMANDS", [])]
    return {
        command_of(handler).__name__: handler
        for handler in listed
        if len(signature(handler).parameters) == 2
    }


def command_from(handler: Callable[..., Any], texts: Mapping[str, str]) -> Any:
    """The command whose fields somebody typed as texts; raises `ValueError` for fields that are
    missing, unknown or wrong."""
    kind = command_of(handler)
    hints = hints_of(kind)
    if unknown := [name for name in texts if name not in hints]:
        known = ", ".join(hints)
        raise ValueError(f"{kind.__name__} has no field {unknown[0]}. It has: {known}.")
    required = [
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING and field.name not in texts
    ]
    if required:
        raise ValueError(f"{kind.__name__} needs {', '.join(required)}.")
    values = {name: _value(name, hints[name], text) for name, text in texts.items()}
    try:
        return built(kind, values)
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise ValueError(f"This makes no {kind.__name__}: {error}.") from None


def _value(name: str, hint: Any, text: str) -> Any:
    if hint is str:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if hint in (int, float, bool) and type(value) is not hint:
        raise ValueError(f"{name} must be a value of the type {hint.__name__}, not {text!r:.60}.")
    return value


def _changes() -> Iterator[Change]:
    """The rows that this transaction has changed, compared with what other transactions see."""
    others = connections.create_connection(DEFAULT_DB_ALIAS)
    with connection.cursor() as ours, closing(others) as other:
        ours.execute(XID)
        [xid] = ours.fetchone()
        with other.cursor() as theirs:
            for projection, models in projection_models().items():
                for model in models:
                    yield from _changes_of(projection, model, ours, theirs, xid)


def _changes_of(projection: str, model: Any, ours: Any, theirs: Any, xid: str) -> Iterator[Change]:
    quote = connection.ops.quote_name
    columns = [field.column for field in key_fields(model)]
    names = {"table": quote(model._meta.db_table), "key": ", ".join(map(quote, columns))}
    touched: list[str] = []
    for cursor, mark in ((ours, "xmin"), (theirs, "xmax")):
        cursor.execute(TOUCHED.format(mark=mark, **names), [xid])
        touched += [row for (row,) in cursor.fetchmany(MOST_ROWS)]
    if not touched:
        return
    sides = list[dict[tuple[Any, ...], Any]]()
    for cursor in (theirs, ours):
        cursor.execute(ROWS.format(**names), [f"[{','.join(touched)}]"])
        rows = [json.loads(row) for (row,) in cursor.fetchall()]
        sides.append({tuple(str(row[name]) for name in columns): row for row in rows})
    before, after = sides
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            table = str(model._meta.verbose_name_plural)
            yield Change(projection, table, before.get(key), after.get(key))
