"""What happens after the commit, in `persisted_async`, without a broker and with one."""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from dev.bench.costs import PeakMemory, idle_cost
from dev.bench.django_process import ENVIRONMENT, FOLLOWED
from dev.bench.load import latencies, percentile, post
from dev.bench.over_http import LIST, gunicorn
from dev.bench.postgres import Postgres
from dev.bench.rounds import Row, at_most_the_goal
from dev.bench.scale import Scale
from dev.bench.workers import WORKER, workers
from dev.connection import connect
from dev.places import ROOT
from dev.processes import free_port, wait_until
from dev.rabbitmq import PROGRAM, Rabbit

STREAMS = 10_000
CATCHING_UP = 600  # seconds at most
WITHOUT, WITH = "without a broker", "with a broker"
DELAY = "from the answer to the row"
DELAY_GOALS = {WITHOUT: 60.0, WITH: 100.0}  # milliseconds, p99
ALONE = {
    WITHOUT: ("products", ("run_subscriptions", "products")),
    WITH: ("relay", ("relay",)),
}
BULK = "bulk append in `persisted_async`"
CATCH_UP = 30 / 100_000  # seconds for an event
SHOWN = "SELECT 1 FROM warehouse_products_product WHERE sku = %s"
BEHIND = """
    SELECT 1 FROM subscriptions_checkpoint
    WHERE position < (SELECT max(position) FROM eventstore_event) LIMIT 1
"""
POSITION = "SELECT position FROM subscriptions_checkpoint WHERE name = %s"
LAST = "SELECT coalesce(max(position), 0) FROM eventstore_event"
BACK = "UPDATE subscriptions_checkpoint SET position = %s WHERE name = %s"


def measure(postgres: Postgres, scale: Scale) -> Iterator[Row]:
    """Rows for the delay, for catching up, and for what doing nothing costs."""
    yield from _measured(postgres, scale, WITHOUT, "after_commit", "")
    if PROGRAM.exists():
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            rabbit = Rabbit(Path(folder), free_port(following=1))
            rabbit.start()
            try:
                yield from _measured(postgres, scale, WITH, "after_broker", rabbit.url)
            finally:
                rabbit.stop()


def _measured(
    postgres: Postgres, scale: Scale, place: str, database: str, broker: str
) -> Iterator[Row]:
    postgres.create_followed(database)
    environment = {**FOLLOWED, "BROKER_URL": broker, "DATABASE_URL": postgres.url(database)}
    commands = [["run_subscriptions"], *([["relay"]] if broker else [])]
    with connect(postgres.url(database)) as connection:
        with running(commands, environment) as processes:
            yield from _delay(connection, postgres.url(database), scale, place)
            yield from idle_cost(connection, [one.pid for one in processes], place)
        recorded = _fill(environment, scale.caught_up)
        with running(commands, environment) as processes:
            yield from _catch_up(connection, processes[0].pid, scale.caught_up, place)
        name, command = ALONE[place]
        rate = _alone(connection, name, command, environment, scale.caught_up)
        yield Row(
            f"{name} alone, when it is behind", BULK, "events/s", rate, recorded, rate / recorded, 1
        )


def _delay(connection: Any, url: str, scale: Scale, place: str) -> Iterator[Row]:
    """One client, which waits up to 50 ms between two commands."""
    delays: list[float] = []

    def seen(number: int) -> None:
        begin = time.perf_counter()
        while not connection.execute(SHOWN, [f"d{number}"]).fetchone():
            time.sleep(0.0005)
        delays.append(1000 * (time.perf_counter() - begin))
        time.sleep(random.uniform(0, 0.05))  # noqa: S311 (no secret)

    with gunicorn(url, {"MODE": "persisted_async", "WEB_CONCURRENCY": "1"}) as (port, _):
        answers = latencies(port, _increase, scale.delays, seen)
    delays, answers = delays[10:], answers[10:]  # the first ones connect and prepare
    half, answered = percentile(delays, 50), percentile(answers, 50)
    case = f"{DELAY}, {place}"
    beside = "the command's answer, p50"
    yield Row(f"{case}, p50", beside, "ms", half, answered, half / answered, 1)
    yield at_most_the_goal(f"{case}, p99", "ms", percentile(delays, 99), DELAY_GOALS[place])


def _increase(number: int) -> bytes:
    return post(f"{LIST}/d{number}/increase_quantity")


def _catch_up(connection: Any, worker: int, events: int, place: str) -> Iterator[Row]:
    """Of all subscriptions at once, the start of their processes included."""
    memory, begin = PeakMemory(worker), time.perf_counter()
    fifth = _last(connection) - events + events // 5

    wait_until(lambda: _position(connection, "products") > fifth, "a fifth of it", CATCHING_UP)
    memory.look()
    wait_until_heard(connection)
    seconds = time.perf_counter() - begin
    case = f"catch-up of {events:,} events by all subscriptions, {place}"
    yield at_most_the_goal(case, "s", seconds, CATCH_UP * events)
    yield memory.row(f"memory of the worker after it, {place}", "itself after a fifth of it")


def _alone(
    connection: Any, name: str, command: Sequence[str], environment: Mapping[str, str], events: int
) -> float:
    """The events per second of one follower, from the first batch on."""
    end = _last(connection)
    connection.execute(BACK, [end - events, name])
    with running([command], environment):
        wait_until(lambda: _position(connection, name) > end - events, f"a first batch of {name}")
        first, begin = _position(connection, name), time.perf_counter()
        wait_until(lambda: _position(connection, name) >= end, f"the end of {name}", CATCHING_UP)
        return (end - first) / (time.perf_counter() - begin)


def _fill(environment: Mapping[str, str], events: int) -> float:
    """Events that nobody has heard yet; how many per second it took in."""
    with workers((*WORKER, "bulk"), 1, environment) as bulk:
        return 1000 * bulk(events // 1000, STREAMS)


def wait_until_heard(connection: Any) -> None:
    """All subscriptions have heard everything."""
    everything = "subscriptions that have heard everything"
    wait_until(lambda: not connection.execute(BEHIND).fetchone(), everything, CATCHING_UP)


def _position(connection: Any, name: str) -> int:
    return int(connection.execute(POSITION, [name]).fetchone()[0])


def _last(connection: Any) -> int:
    return int(connection.execute(LAST).fetchone()[0])


@contextmanager
def running(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str]
) -> Generator[list["subprocess.Popen[bytes]"], None, None]:
    """Workers and relay, which end afterwards."""
    with ExitStack() as stack:
        processes = list[subprocess.Popen[bytes]]()
        for command in commands:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env={**ENVIRONMENT, **environment},
                stdout=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            processes.append(process)
        yield processes
