"""Database sessions and snapshots for long work."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from ..operations.sessions import own_session


@contextmanager
def session() -> Generator[None, None, None]:
    """A database session of its own, without the time limits of web requests. Its temporary tables
    and locks end with it. Raises `Unfit`, as `own_session` does."""
    with own_session():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            # Postgres 17 has one more limit, which is set only where there is one of this name.
            cursor.execute(
                "SELECT set_config(name, '0', false) FROM pg_settings WHERE name ="
                " 'transaction_timeout'"
            )
            # Read along the indexes: without statistics, as after an import, Postgres would sort
            # the whole log for each batch.
            cursor.execute("SET enable_sort = off")
        yield


@contextmanager
def snapshot() -> Generator[None, None, None]:
    """A transaction whose reads all see the same moment. Log and read models agree in it, since
    they commit together."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def column(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]
