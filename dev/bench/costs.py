"""What processes take of the machine: processor time, memory, and queries to Postgres."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dev.bench.rounds import Row

IDLE = 8  # seconds in which nothing happens
FLAT = 1.1
QUERIES = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"


def idle_cost(connection: Any, pids: Sequence[int], place: str) -> Iterator[Row]:
    """What these processes, and their sessions at the server, do while nothing happens."""
    sessions = [pid for (pid,) in connection.execute(SESSIONS)]
    everybody = [*pids, *(pid for pid in sessions if pid != connection.info.backend_pid)]
    queries, processor = _queries(connection), sum(map(_seconds, everybody))
    time.sleep(IDLE)
    processor = sum(map(_seconds, everybody)) - processor
    queries = _queries(connection) - queries
    yield Row(f"idle workers, {place}", "", "queries/s", queries / IDLE)
    yield Row(
        f"idle workers and their sessions, {place}", "", "% of a core", 100 * processor / IDLE
    )


def _queries(connection: Any) -> int:
    return int(connection.execute(QUERIES).fetchone()[0])


def _seconds(pid: int) -> float:
    """The processor time that a process has had, in itself and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class PeakMemory:
    """The most that a process ever had, in MB: at a first look, and now."""

    def __init__(self, pid: int) -> None:
        self.pid, self.first = pid, 0.0

    def look(self) -> None:
        self.first = self._now()

    def _now(self) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        [most] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        return int(most) / 1024

    def row(self, case: str, beside: str) -> Row:
        last = self._now()
        return Row(case, beside, "MB", last, self.first, last / self.first, 1, at_most=FLAT)
