"""Distance: `python -m dev.bench.proxy SOCKET MICROSECONDS` passes a TCP port on to a Unix socket.

Everything waits that long on its way, in both directions. It prints its port, and ends with its
standard input. In a process of its own: the clients that are measured share no interpreter with it.
"""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dev.places import ROOT


@contextmanager
def distance(to: Path, microseconds: int) -> Iterator[int]:
    """A port behind which the server at this socket is so far away, one way."""
    command = [sys.executable, "-m", "dev.bench.proxy", str(to), str(microseconds)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process: subprocess.Popen[str]
    process = subprocess.Popen(command, cwd=ROOT, text=True, **pipes)  # type: ignore[call-overload]
    try:
        yield int(process.stdout.readline()) if process.stdout else 0
    finally:
        process.communicate()


def serve(to: str, seconds: float) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        near, _ = listener.accept()
        # Without it small packets wait for one another, and everything takes 40 ms.
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far = socket.socket(socket.AF_UNIX)
        far.connect(to)
        for ends in ((near, far), (far, near)):
            threading.Thread(target=_pass_on, args=(*ends, seconds), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket, seconds: float) -> None:
    """Protocols that ask and wait for the answer are delayed by exactly this."""
    with suppress(OSError):
        while data := source.recv(1 << 20):
            time.sleep(seconds)
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    threading.Thread(
        target=serve, args=(sys.argv[1], int(sys.argv[2]) / 1_000_000), daemon=True
    ).start()
    sys.stdin.read()
