"""The database of the mode `memory_sync`: a Postgres whose files lie in memory, gone at exit."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from dev.modes import IN_MEMORY, url_file
from dev.places import STATE, TEMPORARY, memory_file_system
from dev.throwaway import start_throwaway


@contextmanager
def in_memory() -> Iterator[str]:
    """The URL of a new server while the caller uses it; other tools find it by a file."""
    url, end = start_throwaway(memory_file_system() or TEMPORARY)
    written = url_file(IN_MEMORY)
    try:
        STATE.mkdir(exist_ok=True)
        written.write_text(f"{url}\n")
        print(_sentence(), flush=True)
        yield url
    finally:
        if written.exists() and written.read_text().strip() == url:
            written.unlink()
        end()


def _sentence() -> str:
    folder = memory_file_system()
    place = f"in memory ({folder})" if folder else f"in {TEMPORARY}, for want of room in memory"
    unused = " DATABASE_URL is not used." if os.environ.get("DATABASE_URL") else ""
    return f"{IN_MEMORY}: everything lies {place}, and is gone when this ends.{unused}"
