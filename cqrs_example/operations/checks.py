"""What `manage.py check --database default` asks the database; gunicorn does before it starts.

A database that does not answer is no error here: it is served with 503 until it comes.
"""

import os
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, connections

# Each set to off gives away, in a crash, commands that were answered with 200.
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
FREE = """
SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0),
    (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
    (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user))
"""


@register(Tags.database)
def check_durability(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The settings as a session of the application sees them, role and database included."""
    named = ", ".join(f"'{name}'" for name in DURABLE)
    asked = f"SELECT name FROM pg_settings WHERE name IN ({named}) AND setting = 'off'"  # noqa: S608
    off = [name for alias in databases or () for (name,) in _ask(alias, asked)]
    if not settings.DURABLE:
        return []
    return [
        Error(
            f"{name} is off: a crash of the database would lose commands that were answered."
            f" Set {name} = on in postgresql.conf, or DURABLE=0 where nothing is to be kept.",
            id="operations.E001",
        )
        for name in off
    ]


@register(Tags.database)
def check_connections(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every thread keeps a connection: all of them fit in. gunicorn.conf.py says how many."""
    wanted = int(os.environ.get("WEB_CONNECTIONS", "0"))
    found = [free for alias in databases or () for (free,) in _ask(alias, FREE) if free < wanted]
    return [
        Error(
            f"The server's processes and threads take {wanted} connections, but the database has"
            f" {free} for them: lower WEB_CONCURRENCY, or raise max_connections.",
            id="operations.E002",
        )
        for free in found
    ]


def _ask(alias: str, query: str) -> list[Any]:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())
    except OperationalError:
        return []
