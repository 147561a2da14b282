"""Check whether a database session, and the database, meet what `requirements` lists."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from .requirements import LIMITS, LOG, MADE_BY, SESSION, Requirements

THERE = "SELECT to_regclass('eventstore_event') IS NOT NULL AND to_regclass(%s) IS NOT NULL"
MADE = "SELECT EXISTS (SELECT FROM django_migrations WHERE app = 'eventstore' AND name = %s)"
POOLED = (
    "This session is a pooler's (PgBouncer, for example) and may be another one at any moment."
    " Temporary tables, settings and locks of this work would stay in it for others: name Postgres"
    " itself in DATABASE_URL for this."
)


@dataclass(frozen=True)
class Fault:
    """A requirement that is not met. The sentence says what to do; `id` is a system check's."""

    id: str
    sentence: str


class Unfit(Exception):
    """The session or the database does not meet a requirement; the message says what to do."""


def faults() -> list[Fault]:
    """The faults of this session and of the log. Raises Django's database errors."""
    limits = LIMITS if os.environ.get("WEB_PROCESS") == "1" else {}
    found = [*_found(SESSION | limits), *_zone_that_differs(), *_pooled_unawares()]
    return found + faults_of_the_log()


def faults_of_the_log() -> list[Fault]:
    """The faults of the log's table and of its sequence; none while migrations are missing."""
    there = _ask(THERE, "django_migrations") and _ask(MADE, MADE_BY)
    return list(_found(LOG)) if there else []


def require_fit_log() -> None:
    """Raise `Unfit` if the log does not meet `LOG`."""
    if found := faults_of_the_log():
        raise Unfit(" ".join(fault.sentence for fault in found))


def require_own_session() -> None:
    """Raise `Unfit` behind a pooler, or if the session does not meet `SESSION`.

    It is for work with temporary tables, settings or locks of the session: a pooler would give the
    session, with these, to other clients.
    """
    if is_pooled():
        raise Unfit(POOLED)
    if found := [*_found(SESSION), *_zone_that_differs()]:
        raise Unfit(" ".join(fault.sentence for fault in found))


def is_pooled() -> bool:
    """Whether a pooler is between this process and Postgres.

    A pooler gives libpq a made-up process number at the start of a connection. So it differs from
    the number of the server's process that answers now.
    """
    backend = _ask("SELECT pg_backend_pid()")
    return bool(backend != connection.connection.info.backend_pid)


def _zone_that_differs() -> Iterator[Fault]:
    """Django sets the time zone at the start of a session; times that are read have this zone."""
    zone, wanted = _ask("SELECT current_setting('TimeZone')"), connection.timezone_name
    if zone.lower() != wanted.lower():
        yield Fault(
            "operations.E019",
            f"TimeZone is {zone}, and not {wanted}, so a day can be another one when the log is"
            f" replayed: whatever is between this and Postgres must hand TimeZone on, or ALTER ROLE"
            f" … SET TimeZone = '{wanted}'.",
        )


def _pooled_unawares() -> Iterator[Fault]:
    if is_pooled() and not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        yield Fault(
            "operations.E017",
            "DATABASE_URL leads to a pooler (PgBouncer, for example), which may change the server's"
            " process between two statements: set DATABASE_POOLER=1, or name Postgres itself.",
        )


def _found(requirements: Requirements) -> Iterator[Fault]:
    rows = ", ".join(f"('{name}', ({sql})::text)" for name, (sql, _) in requirements.items())
    with connection.cursor() as cursor:
        # Without parameters a % in the SQL needs no escape.
        cursor.execute(f"SELECT * FROM (VALUES {rows}) AS asked (id, found) WHERE found <> ''")  # noqa: S608
        for name, value in cursor.fetchall():
            yield Fault(name, requirements[name][1].format(value))


def _ask(sql: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]
