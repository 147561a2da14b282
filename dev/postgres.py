"""The embedded Postgres: one server for the checkout, which keeps its data.

`python -m dev.postgres` keeps the checkout's server up until Ctrl-C; `... remove` deletes its data.
"""

import fcntl
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dev.cluster import Cluster, ensure_running, fits_socket, stop
from dev.failure import DevError, exit_with_sentence
from dev.places import (
    STATE,
    TEMPORARY,
    is_alone,
    locked,
    may_enter,
    memory_file_system,
    outside,
    private,
)
from dev.stopping import catch_signals, wait_for_stop
from dev.throwaway import remove_abandoned


def checkout_cluster() -> Cluster:
    """Makes its folders: call it under the start lock, as two first starts at once would clash."""
    inside = STATE / "server"
    folder = private(inside if may_enter(STATE) else outside() / "server")
    sockets = folder if fits_socket(folder) else private(outside() / "sockets")
    return Cluster(folder, sockets)


@contextmanager
def embedded() -> Iterator[str]:
    """The URL of the checkout's server while the caller uses it; the last user stops it."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "users.lock").open("a") as users:
        try:
            with locked(STATE / "start.lock"):
                fcntl.flock(users, fcntl.LOCK_SH)
                url = ensure_running(checkout_cluster())
                (STATE / "url").write_text(f"{url}\n")
            yield url
        finally:
            _leave(users)


def _leave(users: TextIO) -> None:
    # Under the start lock: otherwise somebody could find the server up just before it stops.
    with locked(STATE / "start.lock"):
        if is_alone(users):
            stop(checkout_cluster())


def serve() -> int:
    catch_signals()
    with embedded() as url:
        print(f"Postgres is up until Ctrl-C: psql '{url}'", flush=True)
        wait_for_stop()
    return 0


def remove() -> int:
    """Deletes the checkout's server and data, and everything of ours outside the checkout."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "users.lock").open("a") as users, locked(STATE / "start.lock"):
        if not is_alone(users):
            raise DevError(f"The embedded Postgres in {STATE} is in use: stop `make run` first.")
        stop(checkout_cluster())
        for parent in {TEMPORARY, memory_file_system() or TEMPORARY}:
            _remove_outside(outside(parent))
        print(f"Removing {STATE} with the embedded database.")
        shutil.rmtree(STATE)
    return 0


def _remove_outside(folder: Path) -> None:
    with locked(folder / "throwaway.lock"):
        remove_abandoned(folder)
        if any(folder.glob("throwaway-*/")):
            raise DevError(f"A throw-away Postgres in {folder} is in use: stop what started it.")
        print(f"Removing {folder}.")
        shutil.rmtree(folder)


def main() -> int:
    return remove() if sys.argv[1:] == ["remove"] else serve()


if __name__ == "__main__":
    exit_with_sentence(main)
