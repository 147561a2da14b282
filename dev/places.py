"""Where the embedded Postgres lives, and which account runs it."""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from dev.failure import DevError

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".postgres"
TEMPORARY = Path("/var/tmp")  # noqa: S108 (what is made there is checked)
ROOM = 512 * 2**20  # bytes; containers have 64 MB at /dev/shm unless told otherwise


def account() -> pwd.struct_passwd:
    """Who runs the server: ourselves, or, as Postgres refuses root, `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def as_server(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a program with the server's account, in a session of its own: Ctrl-C passes it by."""
    return subprocess.run(
        command,
        **credentials(),
        # A working directory that the account may not enter makes initdb and pg_ctl fail.
        cwd="/",
        # PGPORT, PGDATA and the like would move the server away from where we look for it.
        env={k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C"},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def credentials() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": account().pw_uid, "group": account().pw_gid, "extra_groups": []}


def may_enter(folder: Path) -> bool:
    return as_server("/bin/sh", "-c", 'cd -- "$0"', folder).returncode == 0


def may_run(program: Path) -> bool:
    try:
        return as_server(program, "--version").returncode == 0
    except OSError:
        return False


def outside(parent: Path = TEMPORARY) -> Path:
    """Our folder outside the checkout: for short paths, and for what another account must reach."""
    name = hashlib.sha256(f"{os.geteuid()} {ROOT}".encode()).hexdigest()[:12]
    folder = parent / f"cqrs-example-{name}"
    folder.mkdir(exist_ok=True)
    _refuse_unless_owned(folder, os.geteuid())
    folder.chmod(0o755)
    return folder


def private(folder: Path) -> Path:
    """Creates a folder that only the server's account (and root) may enter."""
    if not folder.exists():
        folder.mkdir(mode=0o700)
        os.chown(folder, account().pw_uid, account().pw_gid)
    _refuse_unless_owned(folder, account().pw_uid)
    return folder


def _refuse_unless_owned(folder: Path, uid: int) -> None:
    # Anybody may create names in /var/tmp: a planted folder or link would be run or overwritten.
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid or status.st_mode & 0o022:
        raise DevError(
            f"{folder} is not a folder of user id {uid} that nobody else may write: remove it."
        )


def memory_file_system() -> Path | None:
    """A folder whose files lie in memory, with room for a database; None where there is none."""
    for folder in (Path("/dev/shm"), Path(tempfile.gettempdir())):  # noqa: S108 (as above)
        if _is_in_memory(folder) and shutil.disk_usage(folder).free >= ROOM:
            return folder
    return None


def _is_in_memory(folder: Path) -> bool:
    """Whether it, and not just a folder above it, is where a tmpfs is mounted, writable for all."""
    with suppress(OSError):
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
        kinds = [kind for place, kind in mounts if place == str(folder)]
        # A later mount hides an earlier one. The mode says nothing of a read-only file system.
        shared = bool(folder.stat().st_mode & stat.S_ISVTX) and os.access(folder, os.W_OK)
        return kinds[-1:] == ["tmpfs"] and shared
    return False


def is_alone(file: TextIO) -> bool:
    """Takes the exclusive lock of an open file, if nobody else has a lock on it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
