"""A Postgres of its own and streaming standbys of it: for tests and for chaos."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.cluster import Cluster, ensure_running, start, stop
from dev.failure import DevError
from dev.places import as_server, outside, private
from dev.programs import find_programs

OPTIONS = ("fsync=off", "full_page_writes=off", "max_connections=60")


@contextmanager
def primary(*options: str) -> Iterator[Cluster]:
    """A running server with a database `warehouse`, gone afterwards."""
    with _folder() as folder:
        cluster = Cluster(folder, folder, (*OPTIONS, *options))
        try:
            ensure_running(cluster)
            yield cluster
        finally:
            stop(cluster, signal.SIGQUIT)


@contextmanager
def streaming_standby(of: Cluster) -> Iterator[Cluster]:
    """A running standby of a server, gone afterwards."""
    with _folder() as folder:
        # With the options of its primary: a standby that allows less than that does not start.
        cluster = Cluster(folder, folder, of.options)
        try:
            copy_as_standby(of.url("postgres"), cluster)
            start(cluster, find_programs())
            yield cluster
        finally:
            stop(cluster, signal.SIGQUIT)


def copy_as_standby(url: str, cluster: Cluster) -> None:
    """Copies the server at a URL, so that the copy follows it once it is started."""
    command = ["--pgdata", str(cluster.data), "--dbname", url, "--write-recovery-conf"]
    programs = find_programs()
    done = as_server(programs / "pg_basebackup", *command, "--checkpoint=fast", "--no-sync")
    if done.returncode:
        raise DevError(f"The standby was not made: {done.stdout.strip()}")


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="server-", dir=outside()))
    folder.chmod(0o755)
    try:
        yield private(folder / "data")
    finally:
        shutil.rmtree(folder)
