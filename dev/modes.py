"""The modes: settings modules over the same slices. `MODE=…` chooses one of them."""

import os
from contextlib import suppress
from pathlib import Path

from dev.connection import answers, connect
from dev.failure import DevError
from dev.places import STATE

DEFAULT = "persisted_sync"
IN_MEMORY = "memory_sync"  # on a throw-away Postgres, whatever DATABASE_URL says
ASYNCHRONOUS = "persisted_async"  # with workers beside the server
HAVE_WORKERS = "SELECT 1 FROM subscriptions_checkpoint WHERE kind <> 'relay' LIMIT 1"
MODES = (IN_MEMORY, DEFAULT, ASYNCHRONOUS)


def chosen_mode() -> str:
    """What MODE says, or the default; DevError with the list of modes when it is none of them."""
    mode = os.environ.get("MODE") or DEFAULT
    if mode not in MODES:
        raise DevError(f"MODE={mode} is not a mode: give one of {', '.join(MODES)}.")
    return mode


def settings_of(mode: str) -> str:
    """The settings module of a mode."""
    return f"cqrs_example.settings.{mode}"


def use_running_mode() -> None:
    """For a tool that works on the running application: the settings of MODE, or, without it, of
    the mode whose database is up."""
    mode = chosen_mode()
    if not os.environ.get("MODE") and not os.environ.get("DATABASE_URL"):
        if _is_up(DEFAULT):
            mode = ASYNCHRONOUS if _have_workers(url_file(DEFAULT)) else DEFAULT
        elif _is_up(IN_MEMORY):
            mode = IN_MEMORY
    if mode == IN_MEMORY:
        os.environ.pop("DATABASE_URL", None)
    if not os.environ.get("DATABASE_URL") and not _is_up(mode):
        raise DevError(
            f"No embedded Postgres is up: start the application, `make run MODE={mode}`."
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings_of(mode))


def url_file(mode: str) -> Path:
    """Where the launcher writes the URL of the embedded database."""
    return STATE / (f"{IN_MEMORY}.url" if mode == IN_MEMORY else "url")


def _is_up(mode: str) -> bool:
    file = url_file(mode)
    return file.exists() and answers(file.read_text().strip())


def _have_workers(file: Path) -> bool:
    """Whether the database says that workers deliver what is recorded in it."""
    import psycopg  # not above: see dev.connection

    with suppress(psycopg.Error), connect(file.read_text().strip()) as connection:
        return connection.execute(HAVE_WORKERS).fetchone() is not None
    return False  # there is no such table before the first migration
