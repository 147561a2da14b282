"""One Postgres data folder and its server: create, start, ask, stop."""

import os
import shlex
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dev.connection import answers, connect
from dev.failure import DevError
from dev.pidfile import release_stale_locks, server_pid
from dev.places import as_server
from dev.programs import find_programs

PATIENCE = 60  # seconds that starting, recovering or stopping may take
LONGEST_SOCKET = 107  # bytes: what the operating system takes as a socket's path
SOCKET = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Cluster:
    """`folder` belongs to the server's account; `sockets` too, and has a short path."""

    folder: Path
    sockets: Path
    options: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "warehouse") -> str:
        host = quote(str(self.sockets), safe="")
        return f"postgresql://postgres@/{database}?host={host}&port=5432"


def fits_socket(folder: Path) -> bool:
    """libpq takes a comma for the end of a host, and longer paths cannot be bound."""
    return "," not in str(folder) and len(os.fsencode(folder / SOCKET)) <= LONGEST_SOCKET


def ensure_running(cluster: Cluster) -> str:
    """The URL of the database `warehouse`, after creating and starting what is missing."""
    programs = find_programs()
    if not cluster.data.exists():
        initialise(cluster, programs)
    _refuse_other_version(cluster, programs)
    if not _came_up(cluster):
        start(cluster, programs)
    _create_database(cluster)
    return cluster.url()


def initialise(cluster: Cluster, programs: Path) -> None:
    """Creates the data folder."""
    # Under another name until complete: an interrupted initdb leaves a folder no server starts in.
    unfinished = cluster.folder / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    locale = ["--locale=C.UTF-8"]
    if _version(programs) >= 17:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = ["-A", "trust", "-U", "postgres", "-E", "UTF8", *locale, "--no-instructions"]
    done = as_server(programs / "initdb", "-D", unfinished, *options, *_nosync(cluster))
    if done.returncode != 0:
        raise DevError(f"Postgres could not create {cluster.data}: {_last_line(done.stdout)}")
    unfinished.rename(cluster.data)


def _nosync(cluster: Cluster) -> list[str]:
    return ["--no-sync"] if "fsync=off" in cluster.options else []


def _version(programs: Path) -> int:
    words = as_server(programs / "postgres", "--version").stdout.split()
    return int("".join(c if c.isdigit() else " " for c in words[2]).split()[0])


def _refuse_other_version(cluster: Cluster, programs: Path) -> None:
    made_by, version = (cluster.data / "PG_VERSION").read_text().strip(), str(_version(programs))
    if made_by != version:
        raise DevError(
            f"{cluster.data} was made by Postgres {made_by}, but {programs} is Postgres {version}:"
            f" set PG_BIN to a Postgres {made_by}, or remove the data with `make clean`."
        )


def _came_up(cluster: Cluster) -> bool:
    """Whether it answers, now or once it has finished starting; False when there is no server."""
    deadline = time.monotonic() + PATIENCE
    while not answers(cluster.url("postgres")):
        if (pid := server_pid(cluster.data)) is None:
            return False
        if time.monotonic() > deadline:
            raise DevError(
                f"The Postgres server of {cluster.data} (process {pid}) has not answered for"
                f" {PATIENCE} seconds: end it with `kill -QUIT {pid}` and try again."
            )
        time.sleep(0.1)
    return True


def start(cluster: Cluster, programs: Path) -> None:
    """Starts the server, and waits until it answers."""
    release_stale_locks(cluster.data, cluster.sockets / SOCKET)
    settings = ["listen_addresses=", f"unix_socket_directories={cluster.sockets}", "port=5432"]
    options = shlex.join(word for s in [*settings, *cluster.options] for word in ("-c", s))
    command = ["start", "-w", "-t", str(PATIENCE), "-D", str(cluster.data), "-o", options]
    log = cluster.folder / "log"
    done = as_server(programs / "pg_ctl", *command, "-l", log)
    if done.returncode != 0:
        raise DevError(f"Postgres did not start: {_last_line(log.read_text())} ({log})")


def _create_database(cluster: Cluster) -> None:
    with connect(cluster.url("postgres")) as connection:
        if not connection.execute("SELECT FROM pg_database WHERE datname = 'warehouse'").rowcount:
            connection.execute("CREATE DATABASE warehouse")


def stop(cluster: Cluster, how: signal.Signals = signal.SIGINT) -> None:
    """Stops the server: SIGINT ends its connections and writes everything, SIGQUIT just ends."""
    if (pid := server_pid(cluster.data)) is None:
        return
    os.kill(pid, how)
    deadline = time.monotonic() + PATIENCE
    while server_pid(cluster.data) is not None:
        if time.monotonic() > deadline:
            raise DevError(f"The Postgres server (process {pid}) has not stopped: `kill -9 {pid}`.")
        time.sleep(0.02)


def _last_line(output: str) -> str:
    return (output.strip().splitlines() or ["it said nothing"])[-1]
