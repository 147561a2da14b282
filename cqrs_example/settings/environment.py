"""What the environment says, in the form that Django's settings have."""

import os
import re
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import IsolationLevel, ProgrammingError
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent.parent
# What the code relies on, whatever the database or the role says.
SESSION = (
    "-c DateStyle=ISO -c IntervalStyle=postgres -c default_transaction_isolation=read\\ committed"
)
# Of web processes only: migrations, rebuilds and imports may take longer. Without them one stuck
# client or one long statement holds a stream's lock, and a worker's thread, for ever.
WEB_LIMITS = (
    "-c lock_timeout=3s"
    " -c statement_timeout=10s"
    " -c idle_in_transaction_session_timeout=15s"
    " -c client_connection_check_interval=2s"
)
# Of all others: a role that web processes use too may have those limits.
NO_LIMITS = "-c lock_timeout=0 -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
UNREADABLE = (
    "DATABASE_URL cannot be read (it is not shown, for its password): it must look like"
    " postgresql://user:password@host:5432/name, with %40 for an @ in the password, %2F for a /."
)


def flag(name: str, default: bool) -> bool:
    """An environment variable that is 1 or 0."""
    value = os.environ.get(name, "") or str(int(default))
    if value not in ("0", "1"):
        raise ImproperlyConfigured(f"{name} must be 1 or 0, but is {value!r}.")
    return value == "1"


def seconds(name: str, default: float) -> float:
    """An environment variable that is a number of seconds."""
    value = os.environ.get(name, "") or str(default)
    try:
        if (number := float(value)) >= 0:
            return number
    except ValueError:
        pass
    raise ImproperlyConfigured(f"{name} must be a number of seconds, such as 60, but is {value!r}.")


def names(name: str) -> list[str]:
    """An environment variable that has names, with commas between."""
    return [word for part in os.environ.get(name, "").split(",") if (word := part.strip())]


def database(url: str, engine: str) -> dict[str, Any]:
    """A Django database from a libpq URL, with libpq's own reading of it."""
    try:
        options: dict[str, Any] = conninfo_to_dict(url)
    except (ProgrammingError, UnicodeError):  # it quotes the URL, and so the password
        raise ImproperlyConfigured(UNREADABLE) from None
    # Where a password has an @ or a / as it is, libpq takes the rest of it for a host or a port.
    if "@" in options.get("host", "")[1:] or re.search("[^0-9,]", options.get("port", "")):
        raise ImproperlyConfigured(UNREADABLE)
    pooled = flag("DATABASE_POOLER", default=False)
    if not pooled:  # a pooler refuses them, or does not hand them on
        limits = WEB_LIMITS if os.environ.get("WEB_PROCESS") == "1" else NO_LIMITS
        # Not by PGOPTIONS: libpq does not look at it when the URL has options. The last one holds.
        given = options.get("options", os.environ.get("PGOPTIONS", ""))
        options["options"] = f"{SESSION} {limits} {given}".rstrip()
    return {
        "ENGINE": engine,
        "NAME": options.pop("dbname", ""),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": str(options.pop("port", "")),
        # Locks come first and reads after them, each statement with a snapshot of its own:
        # under REPEATABLE READ a command would decide on what it saw before it had the lock.
        "OPTIONS": {
            # A server that has vanished says nothing: without these a thread waits for minutes.
            "connect_timeout": 5,  # seconds
            "tcp_user_timeout": 10_000,  # milliseconds until what was sent is acknowledged
            # So that a kept connection is known to be dead before the next request needs it.
            "keepalives_idle": 30,  # seconds
            "keepalives_interval": 5,
            **options,
            "isolation_level": IsolationLevel.READ_COMMITTED,
            "server_side_binding": True,
        },
        "CONN_MAX_AGE": 600,
        # Without it the first request after a restart of Postgres fails, once per thread.
        "CONN_HEALTH_CHECKS": True,
        # Nor is a statement prepared then that another statement needs (`cqrs_example.database`).
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
    }


def embedded_url(file: str = "url") -> str:
    """Where the embedded Postgres is, or will be: what starts it writes it into a file."""
    written = BASE_DIR / ".postgres" / file
    if written.exists():
        return written.read_text().strip()
    return f"dbname=warehouse user=postgres host='{BASE_DIR / '.postgres'}'"
