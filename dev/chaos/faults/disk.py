"""Disks that are full, slow or broken. They take root, and two of them strace."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from dev.chaos.harness import Harness, NotPossible
from dev.failure import DevError
from dev.places import account
from dev.processes import wait_until

MEGABYTE = 1024 * 1024


def data_disk_full(harness: Harness) -> int:
    """The disk of the tables is full, until a hundred commands and a rebuild have failed."""
    with _on_small_disk(harness, "base") as disk:
        _fill(disk)
        harness.load.wait_for_failures(100)
        _rebuild_fails(harness)
        (disk / "filler").unlink()
    return 0


def _rebuild_fails(harness: Harness) -> None:
    try:
        harness.application.manage("rebuild", "--all")
    except DevError:
        return
    raise DevError("A rebuild went through on a full disk.")


def wal_disk_full(harness: Harness) -> int:
    """The disk of the write-ahead log fills up: Postgres ends, and is started with room again."""
    with _on_small_disk(harness, "pg_wal") as disk:
        wait_until(lambda: _gave_up(harness, disk), "a Postgres that gave up")
        (disk / "filler").unlink()
    return 0


def fsync_fails(harness: Harness) -> int:
    """fdatasync fails once: Postgres gives up, and recovers."""
    with _injected(harness, "fdatasync:error=EIO:when=1"):
        harness.load.wait_for_failures(1)
    return 0


def fsync_slow(harness: Harness) -> int:
    """fdatasync takes 50 ms longer, for a hundred commands."""
    with _injected(harness, "fdatasync:delay_enter=50000"):
        harness.load.wait_for(100, after=time.monotonic())
    return 0


@contextmanager
def _on_small_disk(harness: Harness, name: str) -> Iterator[Path]:
    """One folder of the database on a disk of its own, with 24 MB to spare."""
    if os.geteuid() != 0:
        raise NotPossible("it takes root to mount a small disk")
    place, disk = harness.database.cluster.data / name, harness.folder / f"small-{name}"
    harness.database.stop()
    size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    disk.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size + 24 * MEGABYTE}", "tmpfs", str(disk))
    try:
        _move(place, disk / name)
        place.symlink_to(disk / name)
        os.chown(disk, account().pw_uid, account().pw_gid)
        harness.database.start()
        harness.database.wait()
        yield disk
    finally:
        harness.database.stop()
        place.unlink()
        _move(disk / name, place)
        _run("umount", str(disk))
        disk.rmdir()
        harness.database.start()


def _move(source: Path, target: Path) -> None:
    # Copied with cp for the owners and modes; renaming does not go from one disk to another.
    _run("cp", "--archive", str(source), str(target))
    shutil.rmtree(source)


def _fill(disk: Path) -> None:
    with (disk / "filler").open("ab", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(MEGABYTE // 16))
        except OSError:
            return


def _gave_up(harness: Harness, disk: Path) -> bool:
    """Whether it has ended; if not, on to the next segment of the log, until there is no room."""
    _fill(disk)  # again: a checkpoint has removed old ones
    with suppress(DevError, psycopg.Error):
        harness.database.ask("SELECT pg_switch_wal()")
    return harness.database.ended()


@contextmanager
def _injected(harness: Harness, effect: str) -> Iterator[None]:
    """What strace does to the system calls of Postgres meanwhile."""
    if not shutil.which("strace"):
        raise NotPossible("strace is missing")
    words = [word for pid in harness.database.processes() for word in ("-p", str(pid))]
    command = ["strace", "-f", "-qq", "-e", "trace=fdatasync", "-e", f"inject={effect}", *words]
    tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    except DevError:
        # Nothing was felt of it: because it may not trace, or because the fault does nothing.
        if tracer.poll() is None:
            raise
        raise NotPossible("strace may not trace Postgres here") from None
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPossible(f"{command[0]} failed: {done.stderr.strip()}")


FAULTS = (data_disk_full, wal_disk_full, fsync_fails, fsync_slow)
