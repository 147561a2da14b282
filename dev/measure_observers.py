"""What spans, metrics and timings of handlers cost a command: `docs/telemetry.md`.

    DATABASE_URL=postgresql://…/a_database_of_its_own python -m dev.measure_observers

No SDK of OpenTelemetry is configured. Metrics are counted in files, as the processes of a server
count. What threads do once a second otherwise, counting and writing, is done after each thousand
commands here, and added to the time on a processor.

The ways take turns, many short ones, because other work on the machine comes and goes. What is
compared is the time until a command is done, and the time on a processor, of the process that sends
commands and of its session at the server.
"""

import os
import statistics
import tempfile
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, NamedTuple

from django.test import override_settings

from .measure_pages import call_command, seconds_of_session
from .measure_search import turn

if TYPE_CHECKING:
    from cqrs_example.messaging.observing import Aside

TURNS, COMMANDS = 200, 40
FLUSHED_EVERY = 25  # turns
WAYS = {
    "nothing": [],
    "spans": ["telemetry.spans"],
    "metrics": ["telemetry.metrics"],
    "spans and metrics": ["telemetry.metrics", "telemetry.spans"],
    "timings": ["inspection.timings"],
}
BESIDE = ["cqrs_example.agreement.agreed", "cqrs_example.inspection.refusals.kept"]


class Cost(NamedTuple):
    """Microseconds of a command."""

    waited: float
    worked: float


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="measured-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # before anything imports the library
        _measure()


def _measure() -> None:
    from cqrs_example.inspection import timings
    from cqrs_example.telemetry import metrics

    call_command("migrate", verbosity=0)
    threads: dict[str, Aside[Any]] = {"metrics": metrics.ASIDE, "timings": timings.ASIDE}
    for aside in threads.values():
        aside.begun = True  # no thread
    found: dict[str, list[Cost]] = {name: [] for name in WAYS}
    later: dict[str, list[float]] = {name: [] for name in threads}
    for nth in range(1, TURNS + 1):
        for name, modules in WAYS.items():
            with override_settings(**_settings(modules)):
                found[name].append(_turn())
        if nth % FLUSHED_EVERY == 0:
            for name, aside in threads.items():
                ways = sum(name in way for way in WAYS)
                later[name].append(_flushed(aside) / ways / FLUSHED_EVERY / COMMANDS)
    print("| | µs until a command is done | beside nothing | µs on a processor | beside nothing |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for way, costs in found.items():
        more = sum(statistics.median(each) for name, each in later.items() if name in way)
        print(f"| {way} |", " | ".join(_columns(costs, found["nothing"], more)), "|")
    for name, each in later.items():
        print(f"Of these in the thread of {name}: {statistics.median(each):.1f} µs of a command.")


def _settings(modules: list[str]) -> dict[str, list[str]]:
    names = [f"cqrs_example.{module}" for module in modules]
    around = [f"{name}.command" for name in names if "telemetry" in name]
    handlers = [f"{name}.{'handler' if 'telemetry' in name else 'timed'}" for name in names]
    return {"AROUND_COMMANDS": [*around, *BESIDE], "AROUND_HANDLERS": handlers}


def _turn() -> Cost:
    begun = perf_counter()
    worked, _ = turn(COMMANDS)
    return Cost((perf_counter() - begun) * 1e6 / COMMANDS, worked)


def _flushed(aside: "Aside[Any]") -> float:
    """Microseconds of what a thread does."""
    at_server, here = seconds_of_session(), process_time()
    aside.flush()
    return (process_time() - here + seconds_of_session() - at_server) * 1e6


def _columns(costs: list[Cost], nothing: list[Cost], more: float) -> list[str]:
    costs = [Cost(cost.waited, cost.worked + more) for cost in costs]
    pairs = zip(zip(*costs, strict=True), zip(*nothing, strict=True), strict=True)
    found: list[str] = []
    for values, others in pairs:
        ratio = statistics.median(a / b for a, b in zip(values, others, strict=True))
        found += [f"{statistics.median(values):.0f}", f"{ratio:.3f}"]
    return found


if __name__ == "__main__":
    main()
