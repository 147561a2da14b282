"""What other sessions, and whoever administers the database, can do to it."""

import time
from contextlib import ExitStack, suppress

from dev.chaos.clients import HOT
from dev.chaos.harness import Harness
from dev.connection import connect
from dev.failure import DevError
from dev.processes import wait_until

LOCK = "SELECT FROM eventstore_lock(0, 0, jsonb_build_array('product-' || %s::text))"
WAITING_FOR_ROW = (
    "SELECT 1 FROM pg_locks WHERE locktype IN ('transactionid', 'tuple') AND NOT granted"
)
TERMINATE_ONE = """SELECT pg_terminate_backend(pid) FROM (
    SELECT pid FROM pg_stat_activity WHERE datname = 'warehouse' AND pid <> pg_backend_pid()
    ORDER BY random() LIMIT 1) AS chosen"""
OTHERS = "FROM pg_stat_activity WHERE datname = 'warehouse' AND pid <> pg_backend_pid()"


def backends_terminated(harness: Harness) -> int:
    """pg_terminate_backend for a random session, fifteen times, under load."""
    for _ in harness.load.turns(15, commands=20):
        harness.database.ask(TERMINATE_ONE)
    return 0


def connections_exhausted(harness: Harness) -> int:
    """All connections of the database are taken by others, until fifty commands found none."""
    enough = len(harness.load.failures) + 50
    with ExitStack() as stack:
        held = [stack.enter_context(connect(harness.database.url()))]

        def taken() -> bool:
            pids = [one.info.backend_pid for one in held]
            held[0].execute(f"SELECT pg_terminate_backend(pid) {OTHERS} AND pid <> ALL(%s)", [pids])
            with suppress(DevError):  # until the database has no more
                while True:
                    held.append(stack.enter_context(connect(harness.database.url())))
            return len(harness.load.failures) >= enough

        wait_until(taken, "commands that find no connection")
    return 0


def stream_locked(harness: Harness) -> int:
    """Another session holds the lock of the busiest stream until clients are told to try later.

    Other streams go on.
    """
    with connect(harness.database.url()) as connection, connection.transaction():
        connection.execute(LOCK, [HOT])
        harness.load.wait_for(20, after=time.monotonic())  # the others
        harness.load.wait_for_failures(2)
    return 0


def database_read_only(harness: Harness) -> int:
    """The database takes no writes, as a standby after a failover, until a hundred were refused."""
    _set(harness, "default_transaction_read_only", "on")
    harness.load.wait_for_failures(100)
    _set(harness, "default_transaction_read_only", "off")
    return 0


def deadlock_provoked(harness: Harness) -> int:
    """A session locks a product's row and then its stream, the other way round than commands."""
    row = "SELECT FROM warehouse_products_product WHERE sku = %s FOR UPDATE"
    with connect(harness.database.url()) as connection:
        connection.execute("SET deadlock_timeout = '20s'")  # the command is to be the victim
        for _ in range(3):
            with connection.transaction():
                connection.execute(row, [HOT])
                wait_until(lambda: harness.database.ask(WAITING_FOR_ROW), "a command that waits")
                connection.execute(LOCK, [HOT])
    return 0


def _set(harness: Harness, name: str, value: str) -> None:
    with connect(harness.database.url()) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f"ALTER DATABASE warehouse SET {name} = {value}")
        connection.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")


FAULTS = (
    backends_terminated,
    connections_exhausted,
    stream_locked,
    deadlock_provoked,
    database_read_only,
)
