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
Parts = list[tuple[Table, Part | None]]  # the rows to repair in one transaction, in each table

# How long a rebuild waits for the lock. Writers that come meanwhile wait behind it.
PATIENCE = "200ms"
TRIES, PAUSE = 60, 1.0  # seconds
LOCK_NOT_AVAILABLE = "55P03"
# The most rows that are repaired while writers wait (about 0.2 s: `python -m dev.measure_replay`).
AT_ONCE = 5_000
# Two are enough unless other code writes wrong rows during the rebuild.
COMPARISONS = 3


@dataclass
class Work:
    """A rebuild: `position` up to which the temporary tables are replayed, number of live rows that
    it has `changed`, and the longest time, in seconds, for which writers were `held_up`."""

    name: str
    module: ModuleType
    tables: list[Table]
    watch: Watch
    position: int = 0
    changed: int = 0
    held_up: float = 0.0


def rebuild(name: str, watch: Watch) -> Result:
    """Replay, compare, repair, and compare again. Raises `Unreplayable` with a sentence.

    `watch(steps, total)` goes through the steps of a replay, as `progress` does. Up to `AT_ONCE`
    rows are repaired in one transaction, more of them in several. Writers wait while such a
    transaction lasts; readers never wait.
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
            return  # all rows were equal at one moment, and deliveries after it are right
        try:
            for parts in _bit_by_bit(differing):
                held_up = _patiently(work, partial(_repaired, work, parts))
                time.sleep(held_up)  # let writers run for as long as they waited
        except IntegrityError:
            break  # rows of two parts swap values, or point to one another
    _patiently(work, partial(_repaired, work, [(table, None) for table in work.tables]))


def _bit_by_bit(differing: list[tuple[Table, int]]) -> Iterator[Parts]:
    if sum(many for _, many in differing) <= AT_ONCE:
        yield [(table, range(many)) for table, many in differing]
        return
    for table, many in differing:
        for first in range(0, many, AT_ONCE):
            yield [(table, range(first, first + AT_ONCE))]


def _patiently(work: Work, step: Callable[[], T]) -> T:
    """Replay nearly all, then take a step for which the writers have to wait; try again if a long
    transaction writes to the log. Raises `Unreplayable` after `TRIES`."""
    for _ in range(TRIES):
        work.position = before = catch_up(work.name, work.module, work.position, work.watch)
        try:
            return step()
        except (OperationalError, IntegrityError) as error:
            work.position = before  # the rollback undid what was replayed since
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
        # The lock of a session ends with the connection, even if this process is killed ...
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('rebuild'), hashtext(%s))", [name])
        if cursor.fetchone() == (False,):
            raise Unreplayable(f"Another rebuild of {name} is at work. Nothing was done.")
        try:
            yield
        finally:
            # ... but maybe not before the next rebuild asks for it.
            with suppress(DatabaseError, InterfaceError):  # the connection may have ended
                cursor.execute(
                    "SELECT pg_advisory_unlock(hashtext('rebuild'), hashtext(%s))", [name]
                )


def _compared(work: Work) -> list[tuple[Table, int]]:
    """The tables in which rows differ, and how many; the rows are noted for `_repaired`.

    It compares in one snapshot, in which live tables and log are of the same moment, and which no
    event can enter later at a lower position. Nobody waits while it compares.
    """
    for table in work.tables:
        with connection.cursor() as cursor:
            # Temporary tables get no statistics automatically; without them comparing is slow.
            cursor.execute(f"ANALYZE {table.name}")
        forget(table)
    with _settled_snapshot(work):
        _replay_rest(work, reached(work.name, work.position))
        found = [(table, compare(table)) for table in work.tables]
    return [(table, many) for table, many in found if many]


@contextmanager
def _settled_snapshot(work: Work) -> Generator[None, None, None]:
    if checkpoint(work.name) is not None:  # all events up to the checkpoint are settled
        with snapshot():
            yield
        return
    begin = time.monotonic()
    try:
        column(f"SELECT set_config('lock_timeout', '{PATIENCE}', false)")
        # A lock of the session: a transaction that waits for it would have an older snapshot.
        column("SELECT pg_advisory_lock(%s, %s)", *APPEND_LOCK)
        with snapshot():
            # The first statement of the transaction, which takes the snapshot.
            column("SELECT pg_advisory_unlock(%s, %s)", *APPEND_LOCK)
            work.held_up = max(work.held_up, time.monotonic() - begin)
            yield
    finally:
        column("SELECT set_config('lock_timeout', '0', false)")


def _repaired(work: Work, parts: Parts) -> float:
    """Make the writers (or the worker) wait, replay the rest, and repair these parts. Returns for
    how many seconds they waited."""
    begin = time.monotonic()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            upto = reached(work.name, work.position, held=True)
            if upto == END:
                # Waits until every writer has ended; no new one begins until this transaction ends.
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
