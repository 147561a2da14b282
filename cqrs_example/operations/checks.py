"""The checks of `manage.py check --database default`, which gunicorn runs before it starts.

A database that does not answer is no error here: the server starts, answers 503 until the database
answers, and /readyz checks again.
"""

import os
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
)

from ..eventstore.checks import missing_apps
from ..eventstore.failures import refused_for_good
from .asking import faults

# With these a crash can lose commands that were answered with 200; `local`, where a standby is to
# have them too.
NOT_DURABLE = """
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
OR name = 'synchronous_commit' AND setting = 'local'
    AND current_setting('synchronous_standby_names') <> ''
"""
FREE = """
SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0),
    (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
    (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user))
"""


@register
def check_apps(**kwargs: Any) -> list[CheckMessage]:
    return list(missing_apps("operations", "eventstore"))


@register(Tags.database)
def check_database(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Whether the database `default`, which has the log, meets the requirements, keeps what it
    acknowledges, and allows a connection for each thread of the server."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    if connection.vendor != "postgresql":
        return [Error(f"The log needs Postgres, not {connection.vendor}.", id="operations.E003")]
    try:
        return [*_requirements(), *_durability(), *_connections()]
    except (OperationalError, InterfaceError) as error:
        return [_unanswered(" ".join(str(error).split()))]
    except ProgrammingError as error:  # such as a right that the role does not have
        refusal = " ".join(f"The database refused what the application needs: {error}".split())
        sentence = f"{refusal}. As the tables' owner, run `manage.py create_app_role`, or GRANT it."
        return [Error(sentence, id="operations.E004")]


def _unanswered(said: str) -> CheckMessage:
    if remedy := refused_for_good(OperationalError(said)):
        return Error(f"{remedy} The server said: {said}", id="operations.E005")
    sentence = f"The database was not checked, as it does not answer: {said}"
    return Warning(sentence, id="operations.W001")


def _requirements() -> list[CheckMessage]:
    return [Error(fault.sentence, id=fault.id) for fault in faults()]


def _durability() -> list[CheckMessage]:
    """The settings as a session of the application sees them, with those of role and database."""
    if not getattr(settings, "DURABLE", True):
        return []
    return [
        Error(
            f"{name} is {value}: a crash of the database would lose commands that were answered."
            f" Set {name} = on in postgresql.conf, or DURABLE=0 where nothing is to be kept.",
            id="operations.E001",
        )
        for name, value in _ask(NOT_DURABLE)
    ]


def _connections() -> list[CheckMessage]:
    """Every thread keeps a connection, so there must be enough; gunicorn.conf.py sets how many."""
    wanted = int(os.environ.get("WEB_CONNECTIONS", "0"))
    return [
        Error(
            f"The server's processes and threads take {wanted} connections, but the database has"
            f" {free} for them: lower WEB_CONCURRENCY, or raise max_connections.",
            id="operations.E002",
        )
        for (free,) in _ask(FREE)
        if free < wanted
    ]


def _ask(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
