"""Rebuild a read model from the log while commands and pages go on."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import TypeVar

from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)

from ..eventstore.log import APPEND_LOCK, END
from ..operations.asking import require_fit_log
from ..progress import counted
from .comparing import Part, compare, forget, prepare
from .delivered import checkpoint, reached
from .equal import make_equal
from .replay import Watch, catch_up, projection, replay
from .runs import Result, telling
from .sessions import column, snapshot
from .tables import Table, Unreplayable, temporary_tables

T = TypeVar("T")
Parts = list[tuple[Table, Part | None]]  # what is made equal at once, in each table

# Writers that come while a rebuild waits for the lock wait behind it: not for long at a time.
PATIENCE = "200ms"
TRIES, PAUSE = 60, 1.0  # seconds
LOCK_NOT_AVAILABLE = "55P03"
# Rows that are made equal while writers wait: so many take about 0.2 s.
AT_ONCE = 5_000
# More than two take a projection that other code, still at work, goes on to get wrong.
COMPARISONS = 3


@dataclass
class Work:
    """A rebuild: up to where the temporary tables are replayed; how many rows of the live ones it
    has changed; and for how many seconds it held up whoever delivers, at most at a time."""

    name: str
    module: ModuleType
    tables: list[Table]
    watch: Watch
    position: int = 0
    changed: int = 0
    held_up: float = 0.0


def rebuild(name: str, watch: Watch) -> Result:
    """Replay, compare, repair, compare again; returns what came out. Raises `Unreplayable` with a
    sentence.

    `watch(steps, total)` goes through the steps of a replay, as `progress` does. Up to `AT_ONCE`
    rows are repaired in one transaction, more of them bit by bit. Readers never wait; writers do
    while such a transaction lasts.
    """
    module = telling(projection(name))
    with temporary_tables(module) as tables, _alone(name):
        require_fit_log()
        work = Work(name, module, tables, watch)
        for table in tables:
            prepare(table)
        _make_equal(work)
    who = "writers" if checkpoint(name) is None else "its worker"
    rows = counted(work.changed, "row changed", "rows changed")
    held_up = f"{who} held up for {1000 * work.held_up:.0f} ms at most"
    return Result(f"rebuilt from the log: {rows}, {held_up}")


def _make_equal(work: Work) -> None:
    for _ in range(COMPARISONS):
        if not (differing := _patiently(work, partial(_compared, work))):
            return  # at one moment all was equal; from then on it is as every delivery leaves it
        try:
            for parts in _bit_by_bit(differing):
                held_up = _patiently(work, partial(_repaired, work, parts))
                time.sleep(held_up)  # for writers, as long as they waited
        except IntegrityError:
            break  # rows of two parts change places, or point to one another
    _patiently(work, partial(_repaired, work, [(table, None) for table in work.tables]))


def _bit_by_bit(differing: list[tuple[Table, int]]) -> Iterator[Parts]:
    if sum(many for _, many in differing) <= AT_ONCE:
        yield [(table, range(many)) for table, many in differing]
        return
    for table, many in differing:
        for first in range(0, many, AT_ONCE):
            yield [(table, range(first, first + AT_ONCE))]


def _patiently(work: Work, step: Callable[[], T]) -> T:
    """Do what needs the log for itself, when nearly all is replayed and nobody writes for long."""
    for _ in range(TRIES):
        work.position = before = catch_up(work.name, work.module, work.position, work.watch)
        try:
            return step()
        except (OperationalError, IntegrityError) as error:
            work.position = before  # what was replayed since is gone with the transaction
            if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
        time.sleep(PAUSE)
    repaired = counted(work.changed, "row was repaired", "rows were repaired")
    changed = repaired if work.changed else "Nothing was changed"
    raise Unreplayable(
        f"The log was never free for {work.name} within {TRIES} tries: a long transaction writes to"
        f" it. {changed}; try again later."
    )


@contextmanager
def _alone(name: str) -> Generator[None, None, None]:
    with connection.cursor() as cursor:
        # A session's lock: it goes with the connection, whatever ends that ...
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('rebuild'), hashtext(%s))", [name])
        if cursor.fetchone() == (False,):
            raise Unreplayable(f"Another rebuild of {name} is at work. Nothing was done.")
        try:
            yield
        finally:
            # ... but later than the next rebuild may ask for it.
            with suppress(DatabaseError, InterfaceError):  # it may have ended
                cursor.execute(
                    "SELECT pg_advisory_unlock(hashtext('rebuild'), hashtext(%s))", [name]
                )


def _compared(work: Work) -> list[tuple[Table, int]]:
    """The tables in which rows differ, and how many; all noted for `_repaired`.

    In one snapshot, in which the live tables and the log agree, and nothing is on its way to a
    position below what it shows. Nobody waits while it is looked through.
    """
    for table in work.tables:
        with connection.cursor() as cursor:
            # Temporary tables have no statistics by themselves; comparing without them is slow.
            cursor.execute(f"ANALYZE {table.name}")
        forget(table)
    with _settled_snapshot(work):
        _replay_rest(work, reached(work.name, work.position))
        found = [(table, compare(table)) for table in work.tables]
    return [(table, many) for table, many in found if many]


@contextmanager
def _settled_snapshot(work: Work) -> Generator[None, None, None]:
    if checkpoint(work.name) is not None:  # up to that nothing is on its way
        with snapshot():
            yield
        return
    begin = time.monotonic()
    try:
        column(f"SELECT set_config('lock_timeout', '{PATIENCE}', false)")
        # The session's: a transaction that waits for it would have its snapshot from before.
        column("SELECT pg_advisory_lock(%s, %s)", *APPEND_LOCK)
        with snapshot():
            column("SELECT pg_advisory_unlock(%s, %s)", *APPEND_LOCK)  # the snapshot is this one's
            work.held_up = max(work.held_up, time.monotonic() - begin)
            yield
    finally:
        column("SELECT set_config('lock_timeout', '0', false)")


def _repaired(work: Work, parts: Parts) -> float:
    """Hold up those who deliver, replay the rest, make these parts equal; for how many seconds."""
    begin = time.monotonic()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            upto = reached(work.name, work.position, held=True)
            if upto == END:
                # Not before every writer has ended, and none begins until this one ends.
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", APPEND_LOCK)
        _replay_rest(work, upto)
        changed = sum(make_equal(table, part) for table, part in parts)
    held_up = time.monotonic() - begin
    work.changed += changed
    work.held_up = max(work.held_up, held_up)
    return held_up


def _replay_rest(work: Work, upto: int) -> None:
    for _, position in replay(work.module, after=work.position, upto=upto):
        work.position = position
