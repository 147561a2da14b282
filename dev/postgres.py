"""The embedded Postgres: one server for the checkout, and throw-away ones for tests.

`python -m dev.postgres` keeps the checkout's server up until Ctrl-C; `... remove` deletes its data.
"""

import fcntl
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dev.cluster import Cluster, ensure_running, fits_socket, stop
from dev.failure import DevError, exit_with_sentence
from dev.places import STATE, locked, may_enter, outside, private
from dev.stopping import catch_signals, wait_for_stop

THROWAWAY_OPTIONS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
)


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
        if _is_alone(users):
            stop(checkout_cluster())


def _is_alone(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def start_throwaway() -> tuple[str, Callable[[], None]]:
    """A server that forgets: its URL, and what stops and removes it."""
    base = outside()
    with locked(base / "throwaway.lock"):
        _remove_abandoned(base)
        folder = Path(tempfile.mkdtemp(prefix="throwaway-", dir=base))
        lock = (folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)

    def end() -> None:
        _remove_throwaway(folder)
        lock.close()

    try:
        return ensure_running(_throwaway_cluster(folder)), end
    except BaseException:
        end()
        raise


def _throwaway_cluster(folder: Path) -> Cluster:
    folder.chmod(0o755)
    server = private(folder / "server")
    return Cluster(server, server, THROWAWAY_OPTIONS)


def _remove_abandoned(base: Path) -> None:
    """Removes what a killed run left behind: nobody holds its lock any more."""
    for folder in base.glob("throwaway-*/"):
        with (folder / "lock").open("a") as lock:
            if _is_alone(lock):
                _remove_throwaway(folder)


def _remove_throwaway(folder: Path) -> None:
    server = folder / "server"
    stop(Cluster(server, server), signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


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
        if not _is_alone(users):
            raise DevError(f"The embedded Postgres in {STATE} is in use: stop `make run` first.")
        stop(checkout_cluster())
        with locked(outside() / "throwaway.lock"):
            _remove_abandoned(outside())
        print(f"Removing {STATE} and {outside()} with the embedded database.")
        shutil.rmtree(outside())
        shutil.rmtree(STATE)
    return 0


def main() -> int:
    return remove() if sys.argv[1:] == ["remove"] else serve()


if __name__ == "__main__":
    exit_with_sentence(main)
