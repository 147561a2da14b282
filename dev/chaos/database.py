"""A Postgres of the harness's own, as its child, durable as in production."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dev.cluster import Cluster, initialise
from dev.connection import answers, connect
from dev.places import as_server, credentials, private
from dev.processes import children, free_port, is_alive, send, wait_until
from dev.programs import find_programs

# Of the write-ahead log little is kept, and no old segment becomes a new one, so that a full disk
# is met, and soon.
OPTIONS = (
    "max_connections=40",
    "max_wal_size=64MB",
    "min_wal_size=32MB",
    "wal_recycle=off",
    "logging_collector=off",
)


class Database:
    """The server in a folder; `port` is that of TCP on 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster(private(folder), folder)
        self.programs = find_programs()
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        initialise(self.cluster, self.programs)
        self.start()
        self.wait()
        self.ask("CREATE DATABASE warehouse", database="postgres")

    def url(self, port: int | None = None, database: str = "warehouse") -> str:
        at = f"127.0.0.1:{port or self.port}"
        return f"postgresql://postgres@{at}/{database}?sslmode=disable&connect_timeout=5"

    def start(self) -> None:
        """Starts it; `wait` says when it answers."""
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", *OPTIONS]
        settings.append(f"unix_socket_directories={self.cluster.sockets}")
        with (self.cluster.folder / "log").open("ab") as log:
            command = [str(self.programs / "postgres"), "-D", str(self.cluster.data)]
            self.process = subprocess.Popen[bytes](
                command + [word for one in settings for word in ("-c", one)],
                **credentials(),
                cwd="/",
                env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        wait_until(lambda: answers(self.url(database="postgres")), "a Postgres that answers")

    def processes(self) -> list[int]:
        """Its processes, the first one first."""
        return [self.process.pid, *children(self.process.pid)] if self.process else []

    def kill(self) -> int:
        """SIGKILL to all of it at once: what a power cut leaves, but for the disk's own cache."""
        # Stopped first: a postmaster that sees a child die kills the others, and starts new ones.
        send(self.processes()[:1], signal.SIGSTOP)
        pids = self.processes()
        send(pids, signal.SIGKILL)
        wait_until(self.ended, "an end of Postgres")
        wait_until(lambda: not any(map(is_alive, pids)), "an end of all its processes")
        return 1

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: ends connections and writes everything. SIGQUIT: just ends."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait()

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def ask(self, query: str, values: Sequence[Any] = (), database: str = "warehouse") -> list[Any]:
        """The rows of a query, asked past the proxy."""
        with connect(self.url(database=database)) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def run(self, program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """One of Postgres's own programs, such as pg_dump."""
        return as_server(self.programs / program, *words)
