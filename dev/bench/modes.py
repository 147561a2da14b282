"""The three modes beside each other, over HTTP: what a caller waits, and how much goes through."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from dev.bench.after_commit import running, wait_until_heard
from dev.bench.django_process import FOLLOWED, IN_MEMORY
from dev.bench.load import latencies, per_second, percentile
from dev.bench.over_http import gunicorn, increase
from dev.bench.postgres import Postgres, manage
from dev.bench.rounds import Row, Run, alternate, beside
from dev.bench.scale import Scale
from dev.connection import connect
from dev.places import TEMPORARY, memory_file_system
from dev.throwaway import start_throwaway

MEMORY, SYNC, ASYNC = "`memory_sync`", "`persisted_sync`", "`persisted_async`"


def measure(postgres: Postgres, scale: Scale) -> Iterator[Row]:
    """Rows for one client's patience, and for what eight get done; workers are at it meanwhile."""
    postgres.create_followed("modes")
    with ExitStack() as stack:
        worked = {**FOLLOWED, "DATABASE_URL": postgres.url("modes")}
        stack.enter_context(running([["run_subscriptions"]], worked))
        ports = {
            ASYNC: stack.enter_context(gunicorn(postgres.url("modes"), FOLLOWED))[0],
            SYNC: stack.enter_context(gunicorn(postgres.url()))[0],
            MEMORY: stack.enter_context(gunicorn(stack.enter_context(_in_memory()), IN_MEMORY))[0],
        }

        def compared(case: str, unit: str, ask: Callable[[int], float]) -> Iterator[Row]:
            runs: dict[str, Run] = {name: partial(ask, port) for name, port in ports.items()}
            # Else the workers' share would be in the next one's round.
            runs[ASYNC] = lambda: _and_heard(ask(ports[ASYNC]), postgres.url("modes"))
            case = f"{ASYNC}: increase over HTTP, {case}"
            yield from beside(case, alternate(scale.rounds, runs), unit, {})

        def waited(percent: int, port: int) -> float:
            return percentile(latencies(port, increase, scale.commands), percent)

        yield from compared("one client, p50", "ms", partial(waited, 50))
        yield from compared("one client, p99", "ms", partial(waited, 99))
        eight = partial(per_second, request=increase, count=scale.requests)
        yield from compared("eight clients", "requests/s", eight)


def _and_heard(value: float, url: str) -> float:
    with connect(url) as connection:
        wait_until_heard(connection)
    return value


@contextmanager
def _in_memory() -> Generator[str, None, None]:
    """The database of `memory_sync`."""
    url, end = start_throwaway(memory_file_system() or TEMPORARY)
    try:
        manage(url, IN_MEMORY, "migrate")
        yield url
    finally:
        end()
