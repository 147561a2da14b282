"""What operators do, at a bad time."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from dev.chaos.faults.processes import workers_killed
from dev.chaos.harness import Harness
from dev.failure import DevError
from dev.places import ROOT


def rebuilt_under_kills(harness: Harness) -> int:
    """`rebuild --all` again and again while workers are killed, and is killed itself."""
    rebuild = _rebuild(harness)
    kills = workers_killed(harness)
    for delay in (0.8, 1.2, 1.6):
        rebuild.wait()
        rebuild = _rebuild(harness)
        time.sleep(delay)  # each is killed at another moment of its work
        rebuild.send_signal(signal.SIGKILL)
    rebuild.wait()
    harness.application.manage("rebuild", "--all")
    return kills + 3


def restored(harness: Harness) -> int:
    """A dump; the database is dropped, made anew and restored from it; clients wait meanwhile."""
    harness.load.stop()
    dump = harness.database.cluster.folder / "dump"
    _do(harness, "pg_dump", "--format=custom", f"--file={dump}", harness.database.url())
    harness.database.ask("DROP DATABASE warehouse WITH (FORCE)", database="postgres")
    harness.database.ask("CREATE DATABASE warehouse", database="postgres")
    _do(harness, "pg_restore", "--exit-on-error", f"--dbname={harness.database.url()}", dump)
    dump.unlink()
    harness.load.start()
    return 0


def _rebuild(harness: Harness) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "rebuild", "--all"],
        cwd=ROOT,
        env=harness.application.direct,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _do(harness: Harness, program: str, *words: str | Path) -> None:
    done = harness.database.run(program, *words)
    if done.returncode:
        raise DevError(f"{program} failed: {done.stdout}")


FAULTS = (rebuilt_under_kills, restored)
