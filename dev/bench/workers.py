"""Processes that carry out commands when told, several at once."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from dev.failure import DevError
from dev.places import ROOT

WORKER = (sys.executable, "-m", "dev.bench.worker")


class Workers:
    """Processes of one kind; call it for the commands per second of all together."""

    def __init__(self, command: Sequence[str], count: int, environment: Mapping[str, str]) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        where = {"cwd": ROOT, "env": {**os.environ, **environment}}
        self.processes: list[subprocess.Popen[str]] = [
            subprocess.Popen(command, text=True, **pipes, **where)  # type: ignore[call-overload]
            for _ in range(count)
        ]

    def __call__(self, commands: int, products: int, count: int = 1) -> float:
        """So many commands over so many products, in each of the first `count` processes."""
        begin = time.perf_counter()
        for process in self.processes[:count]:
            print(commands, products, file=process.stdin, flush=True)
        for process in self.processes[:count]:
            self._line(process)
        return commands * count / (time.perf_counter() - begin)

    def wait(self) -> None:
        """Until all are ready."""
        for process in self.processes:
            self._line(process)

    def end(self) -> None:
        for process in self.processes:
            process.communicate()

    def _line(self, process: "subprocess.Popen[str]") -> str:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise DevError("A process that was to be measured ended: the lines above say why.")
        return line


@contextmanager
def workers(
    command: Sequence[str], count: int, environment: Mapping[str, str]
) -> Iterator[Workers]:
    """Processes that are ready, and end afterwards."""
    some = Workers(command, count, environment)
    try:
        some.wait()
        yield some
    finally:
        some.end()
