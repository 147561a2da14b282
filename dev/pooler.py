"""PgBouncer before a database: for tests and for chaos."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dev.failure import DevError
from dev.places import credentials, outside
from dev.processes import accepts, free_port, wait_until

SERVER = ("host", "port", "user", "password", "dbname")


@dataclass
class Pooler:
    """A PgBouncer: `url` leads through it."""

    file: Path
    port: int
    url: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("pgbouncer")
        if program is None:
            raise DevError("There is no pgbouncer: install Debian's package of that name.")
        with (self.file.parent / "log").open("a") as log:
            command = [program, str(self.file)]
            self.process = subprocess.Popen[bytes](
                command, stdout=log, stderr=log, cwd="/", start_new_session=True, **credentials()
            )
        wait_until(lambda: accepts(self.port), "PgBouncer listens", patience=20)

    def kill(self) -> int:
        if self.process:
            self.process.kill()
            self.process.wait()
        return 1


@contextmanager
def pgbouncer(database: str, **settings: object) -> Iterator[Pooler]:
    """PgBouncer with its defaults, but for these settings, such as `pool_mode`."""
    given = conninfo_to_dict(database)
    server = {key: str(given[key]) for key in SERVER if key in given}
    values = {
        "listen_addr": "127.0.0.1",
        "listen_port": free_port(),
        "unix_socket_dir": "",
        "auth_type": "any",  # whoever comes is `user` of the line in [databases]
        **settings,
    }
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir=outside()))
    folder.chmod(0o755)
    through = make_conninfo(**server)
    lines = "\n".join(f"{name} = {value}" for name, value in values.items())
    (folder / "ini").write_text(f"[databases]\nthrough = {through}\n[pgbouncer]\n{lines}\n")
    port = int(str(values["listen_port"]))
    url = f"postgresql://anybody@127.0.0.1:{port}/through?sslmode=disable"
    pooler = Pooler(folder / "ini", port, url)
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.kill()
        shutil.rmtree(folder)
