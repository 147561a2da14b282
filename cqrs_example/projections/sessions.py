"""Database sessions and snapshots for long work."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from ..operations.sessions import own_session


@contextmanager
def session() -> Generator[None, None, None]:
    """A database session of its own, without the limits that web requests have, so that what is
    temporary in it ends with it. Raises `Unfit`."""
    with own_session():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            # Along the indexes: without statistics, as after an import, Postgres would rather sort
            # the whole log for each batch.
            cursor.execute("SET enable_sort = off")
        yield


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
