"""A wire to the database that can be cut, go dead, become slow, or swallow the answer to COMMIT."""

import socket
import threading
import time
from contextlib import suppress
from enum import Enum, auto

COMMITTED = b"COMMIT\0"  # the command tag in the server's answer


class Mode(Enum):
    PASS = auto()
    DEAD = auto()  # accepts everything and passes nothing on
    SLOW = auto()
    LOSE_COMMIT = auto()


class Proxy:
    """TCP from a port of its own to that of the database."""

    def __init__(self, target: int) -> None:
        self.mode = Mode.PASS
        self.target = target
        self._ends: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends every connection of the moment."""
        for end in list(self._ends):
            self._close(end)

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            for end in (near, far):
                # Without it small packets wait for one another, and everything takes 40 ms.
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._ends.add(end)
            for source, sink, answers in ((near, far, False), (far, near, True)):
                pump = threading.Thread(target=self._pump, args=(source, sink, answers))
                pump.daemon = True
                pump.start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.mode is Mode.LOSE_COMMIT and answers and COMMITTED in data:
                    break
                self._pass_on(sink, data)
        self._close(source)
        self._close(sink)

    def _pass_on(self, sink: socket.socket, data: bytes) -> None:
        if self.mode is Mode.DEAD:
            return
        if self.mode is Mode.SLOW:
            time.sleep(0.1)
            for start in range(0, len(data), 100):
                sink.sendall(data[start : start + 100])
                time.sleep(0.005)
            return
        sink.sendall(data)

    def _close(self, end: socket.socket) -> None:
        self._ends.discard(end)
        with suppress(OSError):
            # close() alone does not wake a thread that reads from it.
            end.shutdown(socket.SHUT_RDWR)
        end.close()
