"""Postgres servers that forget: for tests, and for the mode that keeps its state in memory."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from dev.cluster import Cluster, ensure_running, stop
from dev.places import ROOT, TEMPORARY, is_alone, locked, outside, private

OPTIONS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    # Nobody replays what is forgotten, and in memory each file takes from the machine.
    "wal_level=minimal",
    "max_wal_senders=0",
    "min_wal_size=32MB",
    "max_wal_size=64MB",
    # In the data folder, which is removed with all that is in it.
    "dynamic_shared_memory_type=mmap",
)


def start_throwaway(parent: Path = TEMPORARY) -> tuple[str, Callable[[], None]]:
    """A server whose files lie below a folder: its URL, and what stops and removes it.

    A guard does that as well when this process ends in any other way, SIGKILL included; and the
    next start, should the guard have been killed too.
    """
    base = outside(parent)
    with locked(base / "throwaway.lock"):
        remove_abandoned(base)
        folder = Path(tempfile.mkdtemp(prefix="throwaway-", dir=base))
        lock = (folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    guard = _start_guard(folder, lock.fileno())

    def end() -> None:
        guard.communicate()
        remove_throwaway(folder)
        lock.close()

    try:
        return ensure_running(_cluster(folder)), end
    except BaseException:
        end()
        raise


def _start_guard(folder: Path, lock: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "dev.guard", str(folder)]
    # It inherits the lock: the folder is abandoned when neither of the two is there.
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True, pass_fds=[lock]
    )


def _cluster(folder: Path) -> Cluster:
    folder.chmod(0o755)
    server = private(folder / "server")
    return Cluster(server, server, OPTIONS)


def remove_abandoned(base: Path) -> None:
    """Removes what killed runs left behind: nobody holds their locks any more."""
    for folder in base.glob("throwaway-*/"):
        with (folder / "lock").open("a") as lock:
            if is_alone(lock):
                remove_throwaway(folder)


def remove_throwaway(folder: Path) -> None:
    """Ends its server, or what is about to start one, and removes its files."""
    cluster = Cluster(folder / "server", folder / "server")
    for _ in range(200):
        for pid in _processes_of(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        stop(cluster, signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.02)


def _processes_of(folder: Path) -> Iterator[int]:
    """initdb and pg_ctl outlive a killed launcher, and would make anew what is being removed."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            program, *arguments = file.read_bytes().split(b"\0")
            if Path(os.fsdecode(program)).name in ("initdb", "pg_ctl") and any(
                os.fsencode(folder) in argument for argument in arguments
            ):
                yield int(file.parent.name)
