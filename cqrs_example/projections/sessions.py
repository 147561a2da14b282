"""Database sessions and snapshots for long work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


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
def snapshot() -> Iterator[None]:
    """One moment for all reads: log and read models agree in it, because they commit together."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def column(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]
