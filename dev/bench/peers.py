"""Commands beside other packages: on one machine and half a millisecond away, one client and eight.

All of them do the same: read what there is of a product, append one event, keep a table of the
stock in the same transaction. Each runs in an environment of its own, and is left out where that
cannot be installed. Beside them, ours in each mode of delivery.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

from dev.bench.django_process import ENVIRONMENT, FOLLOWED
from dev.bench.postgres import Postgres
from dev.bench.proxy import distance
from dev.bench.rounds import Row, Run, alternate, beside
from dev.bench.scale import Scale
from dev.bench.workers import WORKER, workers
from dev.cluster import SOCKET
from dev.places import ROOT

PRODUCTS = 1000
PROGRAMS = Path(__file__).parent / "beside"
EVENTSOURCING = ("eventsourcing[postgres]==9.5.6", "psycopg[binary]")
SOURCERY = ("python-event-sourcery[django]==0.6.1", "psycopg[binary]")
EMMETT = ("@event-driven-io/emmett@0.42.0", "@event-driven-io/emmett-postgresql@0.42.0")
PREPARED = {"CREATE_TABLE": "n"}  # for `eventsourcing`: eight at once would be in each other's way

ONE_MACHINE, AWAY = "on one machine", "0.5 ms away"
ONE_WAY = 250  # microseconds
NAMES = {
    "eventsourcing": "`eventsourcing` 9.5.6",
    "sourcery": "`python-event-sourcery` 0.6.1 on Django",
    "emmett": "Emmett 0.42 on Node",
}
ASYNC, SYNC = "`persisted_async` without the workers' share", "`persisted_sync`"
GOALS = {
    (ONE_MACHINE, 1): {NAMES["eventsourcing"]: 1.6, NAMES["emmett"]: 2.0, SYNC: 1.15},
    (AWAY, 1): {NAMES["eventsourcing"]: 2.5, NAMES["emmett"]: 2.2},
}


class Place(NamedTuple):
    """Where the server is: a host, which may be a folder of sockets, and a port."""

    host: str
    port: int

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.host}&port={self.port}"

    def libpq(self, database: str) -> dict[str, str]:
        where = {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": "postgres"}
        return {**where, "PGDATABASE": database}


def measure(postgres: Postgres, scale: Scale) -> Iterator[Row]:
    """Rows for each distance, with one client and with eight."""
    sockets = postgres.cluster.sockets
    peers = dict(_installed())
    postgres.create_followed("followed")
    for name, (command, environment) in _commands(peers, Place(str(sockets), 5432)).items():
        if name not in ("ours", ASYNC):
            postgres.create(environment["PGDATABASE"])
            # Alone, because it creates its tables.
            with workers(command, 1, environment):
                pass
    for far in (ONE_MACHINE, AWAY):
        wire = distance(sockets / SOCKET, ONE_WAY) if far == AWAY else nullcontext()
        with wire as port, ExitStack() as stack:
            place = Place("127.0.0.1", port) if port else Place(str(sockets), 5432)
            running = {
                name: stack.enter_context(workers(command, 8, {**environment, **PREPARED}))
                for name, (command, environment) in _commands(peers, place).items()
            }
            for clients in (1, 8):
                commands = max(scale.commands // clients, 20)
                runs: dict[str, Run] = {
                    name: partial(run, commands, PRODUCTS, clients) for name, run in running.items()
                }
                case = f"{clients} client{'s' * (clients > 1)}, {far}"
                measured = alternate(scale.rounds, runs)
                after = {ASYNC: measured.pop(ASYNC), SYNC: measured["ours"]}
                goals = GOALS.get((far, clients), {})
                yield from beside(case, measured, "commands/s", goals)
                yield from beside(f"{case}, {ASYNC}", after, "commands/s", goals)


def _commands(
    peers: Mapping[str, str], place: Place
) -> dict[str, tuple[tuple[str, ...], Mapping[str, str]]]:
    programs = {
        "eventsourcing": ("-m", "dev.measure_eventsourcing", "commands_with_stock"),
        "sourcery": (str(PROGRAMS / "sourcery.py"),),
        "emmett": (str(ROOT / ".venv-emmett" / "emmett.mjs"), place.url("emmett")),
    }
    return {
        "ours": ((*WORKER, "ours"), {**ENVIRONMENT, "DATABASE_URL": place.url("warehouse")}),
        ASYNC: ((*WORKER, "ours"), {**FOLLOWED, "DATABASE_URL": place.url("followed")}),
        **{
            NAMES[name]: ((program, *programs[name]), place.libpq(name))
            for name, program in peers.items()
        },
    }


def _installed() -> Iterator[tuple[str, str]]:
    """The peers that there are, and what runs them."""
    if python := python_with(".venv-bench", EVENTSOURCING):
        yield "eventsourcing", python
    if python := python_with(".venv-sourcery", SOURCERY):
        yield "sourcery", python
    if node := _node_with(ROOT / ".venv-emmett", EMMETT):
        yield "emmett", node


def python_with(folder: str, packages: tuple[str, ...]) -> str | None:
    """The Python of an environment with these packages; None where they cannot be had."""
    python = ROOT / folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ROOT / folder], check=True)
    done = subprocess.run(
        [python, "-m", "pip", "install", *packages], check=False, capture_output=True
    )
    return str(python) if done.returncode == 0 else None


def _node_with(folder: Path, packages: tuple[str, ...]) -> str | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text("{}")
    done = subprocess.run([npm, "install", *packages], cwd=folder, check=False, capture_output=True)
    # Node looks for packages beside the file that asks for them.
    shutil.copy(PROGRAMS / "emmett.mjs", folder)
    return node if done.returncode == 0 else None
