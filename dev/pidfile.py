"""What the pid file of a Postgres data folder says, and what is true."""

import os
from pathlib import Path

from dev.places import as_server


def server_pid(data: Path) -> int | None:
    """The server's process; None when there is none, only its zombie, or a stranger by its id."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if _is_server(pid, data) else None


def _is_server(pid: int, data: Path) -> bool:
    if not Path("/proc/self").exists():
        return as_server("/bin/kill", "-0", str(pid)).returncode == 0
    try:
        argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return Path(os.fsdecode(argv[0])).name == "postgres" and os.fsencode(data) in argv


def release_stale_locks(data: Path, socket: Path) -> None:
    # Postgres refuses to start while a process has the id in these files: after a reboot a
    # stranger may, and where process 1 does not reap, the dead server stays as a zombie.
    socket.with_name(f"{socket.name}.lock").unlink(missing_ok=True)
    try:
        file = os.open(data / "postmaster.pid", os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    # Our own id, the grandparent's, counts as stale. Without the file Postgres would not look
    # whether backends of the dead server still write: two servers would ruin the data.
    with os.fdopen(file, "r+") as lines:
        rest = lines.read().partition("\n")[2]
        lines.seek(0)
        lines.truncate()
        lines.write(f"{os.getpid()}\n{rest}")
