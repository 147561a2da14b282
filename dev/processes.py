"""Child processes of child processes, and free ports."""

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from dev.failure import DevError

PATIENCE = 60  # seconds that anything may take to come back


def children(parent: int) -> list[int]:
    """The living processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in brackets, may hold anything; what follows is the state and the parent.
            state, ppid = stat.read_text().rpartition(")")[2].split()[:2]
            if int(ppid) == parent and state != "Z":
                found.append(int(stat.parent.name))
    return found


def send(pids: list[int], number: signal.Signals) -> int:
    """Signals those that are still there; how many that were."""
    reached = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            reached += 1
    return reached


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and not just what is left of it for its parent."""
    return Path(f"/proc/{pid}/exe").exists()


def free_port(following: int = 0) -> int:
    """A port of this machine that nobody uses, nor so many ports after it."""
    while True:
        with suppress(OSError), ExitStack() as probes:
            probe = probes.enter_context(socket.create_server(("127.0.0.1", 0)))
            port: int = probe.getsockname()[1]
            for number in range(port + 1, port + 1 + following):
                probes.enter_context(socket.create_server(("127.0.0.1", number)))
            return port


def accepts(port: int) -> bool:
    """Whether somebody listens at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], object], expected: str, patience: float = PATIENCE) -> None:
    """Asks again and again; DevError with `expected` when it takes too long."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise DevError(f"After {patience:.0f} seconds there is still not this: {expected}.")
        time.sleep(0.02)
