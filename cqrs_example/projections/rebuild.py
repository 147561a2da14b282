"""Rebuild a read model from the log while commands and pages go on."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType

from django.db import OperationalError, connection, transaction

from ..eventstore.log import APPEND_LOCK, END
from ..operations.asking import require_fit_log
from ..progress import counted
from .delivered import checkpoint, reached
from .equal import make_equal
from .replay import Watch, catch_up, projection, replay
from .runs import Result, telling
from .tables import Table, Unreplayable, temporary_tables

# Writers that come while the cut-over waits for the lock wait behind it: not for long at a time.
PATIENCE = "200ms"
TRIES, PAUSE = 60, 1.0  # seconds
LOCK_NOT_AVAILABLE = "55P03"


def rebuild(name: str, watch: Watch) -> Result:
    """Replay, catch up, cut over; returns what came out. Raises `Unreplayable` with a sentence.

    `watch(steps, total)` goes through the steps of a replay, as `progress` does. Until the cut-over
    commits, the live table is as it was. Readers never wait; writers do during the cut-over.
    """
    module = telling(projection(name))
    with temporary_tables(module) as tables, _alone(name):
        require_fit_log()
        position = 0
        for _ in range(TRIES):
            position = catch_up(name, module, position, watch)
            _analyze(tables)
            begin = time.monotonic()
            if (changed := _cut_over(name, module, position, tables)) is not None:
                took = 1000 * (time.monotonic() - begin)
                who = "writers" if checkpoint(name) is None else "its worker"
                rows = counted(changed, "row changed", "rows changed")
                sentence = f"rebuilt from the log: {rows}, {who} held up for {took:.0f} ms at most"
                return Result(sentence)
            time.sleep(PAUSE)
    raise Unreplayable(
        f"The log was never free for {name} within {TRIES} tries: a long transaction writes to it."
        " Nothing was changed; try again later."
    )


@contextmanager
def _alone(name: str) -> Generator[None, None, None]:
    with connection.cursor() as cursor:
        # A session's lock: it goes with the connection, whatever ends that...
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('rebuild'), hashtext(%s))", [name])
        if cursor.fetchone() == (False,):
            raise Unreplayable(f"Another rebuild of {name} is at work. Nothing was done.")
        yield
        # ... but later than the next rebuild may ask for it.
        cursor.execute("SELECT pg_advisory_unlock(hashtext('rebuild'), hashtext(%s))", [name])


def _analyze(tables: list[Table]) -> None:
    """Temporary tables have no statistics by themselves; comparing without them is slow."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {table.name}")


def _cut_over(name: str, module: ModuleType, position: int, tables: list[Table]) -> int | None:
    """Hold up whoever delivers, replay the rest, make the live tables equal; None: it was busy."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                upto = reached(name, position, held=True)
                if upto == END:
                    # Not before every writer has ended, and none begins until this one ends.
                    cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", APPEND_LOCK)
            for _ in replay(module, after=position, upto=upto):
                pass
            return sum(make_equal(table) for table in tables)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return None
