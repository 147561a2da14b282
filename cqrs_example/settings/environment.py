"""Read environment variables, in the form that Django's settings need."""

import os
import re
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import IsolationLevel, ProgrammingError
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent.parent
# Settings of sessions that the code relies on, whatever the defaults of the database or the role.
SESSION = (
    "-c DateStyle=ISO -c IntervalStyle=postgres -c default_transaction_isolation=read\\ committed"
)
# Limits for web processes only, since migrations, rebuilds and imports may take longer. Without
# them one stuck client or one long statement would hold a stream's lock, and a thread, for ever.
WEB_LIMITS = (
    "-c lock_timeout=3s"
    " -c statement_timeout=10s"
    " -c idle_in_transaction_session_timeout=15s"
    " -c client_connection_check_interval=2s"
)
# For all other processes: the role, if web processes use it too, may have the limits by default.
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
    except (ProgrammingError, UnicodeError):  # its message would quote the URL with the password
        raise ImproperlyConfigured(UNREADABLE) from None
    # If a password has an unescaped @ or /, libpq takes the rest of it for a host or a port.
    if "@" in options.get("host", "")[1:] or re.search("[^0-9,]", options.get("port", "")):
        raise ImproperlyConfigured(UNREADABLE)
    pooled = flag("DATABASE_POOLER", default=False)
    if not pooled:  # a pooler refuses these settings, or does not pass them on
        limits = WEB_LIMITS if os.environ.get("WEB_PROCESS") == "1" else NO_LIMITS
        # Not by PGOPTIONS, which libpq ignores if the URL has options. Of two values the last wins.
        given = options.get("options", os.environ.get("PGOPTIONS", ""))
        options["options"] = f"{SESSION} {limits} {given}".rstrip()
    return {
        "ENGINE": engine,
        "NAME": options.pop("dbname", ""),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": str(options.pop("port", "")),
        # A command locks first and then reads, and each statement has to have a snapshot of its
        # own. Under REPEATABLE READ it would decide on data from before it had the lock.
        "OPTIONS": {
            # Without these a thread would wait for minutes for a server that has vanished.
            "connect_timeout": 5,  # seconds
            "tcp_user_timeout": 10_000,  # milliseconds in which sent data must be acknowledged
            # They find a dead connection before the next request needs it.
            "keepalives_idle": 30,  # seconds
            "keepalives_interval": 5,
            **options,
            "isolation_level": IsolationLevel.READ_COMMITTED,
            "server_side_binding": True,
        },
        "CONN_MAX_AGE": 600,
        # Without it the first request of each thread after a restart of Postgres would fail.
        "CONN_HEALTH_CHECKS": True,
        # Behind a pooler. The block `database` prepares no statements then, either.
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
    }


def embedded_url(file: str = "url") -> str:
    """The URL of the embedded Postgres, from the file that the program which starts it writes."""
    written = BASE_DIR / ".postgres" / file
    if written.exists():
        return written.read_text().strip()
    return f"dbname=warehouse user=postgres host='{BASE_DIR / '.postgres'}'"
