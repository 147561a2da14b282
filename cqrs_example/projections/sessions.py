"""Database sessions and snapshots for long work."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from ..operations.asking import Unfit, require_own_session


@contextmanager
def session() -> Generator[None, None, None]:
    """A database session of its own, without the limits that web requests have: neither from a pool
    nor back into one, so that what is temporary in it ends with it. Raises `Unfit`."""
    if connection.in_atomic_block:
        raise Unfit("This needs a session of its own: call it outside transaction.atomic().")
    shared = connections[DEFAULT_DB_ALIAS]
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    options = {key: it for key, it in shared.settings_dict["OPTIONS"].items() if key != "pool"}
    own.settings_dict = {**shared.settings_dict, "OPTIONS": options}
    connections[DEFAULT_DB_ALIAS] = own
    try:
        require_own_session()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            # Along the indexes: without statistics, as after an import, Postgres would rather sort
            # the whole log for each batch.
            cursor.execute("SET enable_sort = off")
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = shared
        own.close()


@contextmanager
def snapshot() -> Generator[None, None, None]:
    """One moment for all reads: log and read models agree in it, because they commit together."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def column(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]
