"""Processes that are killed, stopped, or told to end."""

import random
import signal
import time

from dev.chaos.clients import CLIENTS
from dev.chaos.harness import Harness
from dev.processes import is_alive, send, wait_until


def postgres_killed(harness: Harness) -> int:
    """SIGKILL to all processes of Postgres, three times."""
    for _ in harness.load.turns(3, commands=10):
        harness.database.kill()
        harness.database.start()
    return 3


def backend_killed(harness: Harness) -> int:
    """SIGKILL to one backend: Postgres ends all others, and recovers."""
    for _ in harness.load.turns(3, commands=10):
        pids = _backends(harness)
        send([random.choice(pids)], signal.SIGKILL)  # noqa: S311 (no secret)
        _wait_for_the_end_of(pids)
        harness.database.wait()
    return 3


def postgres_immediate_shutdown(harness: Harness) -> int:
    """SIGQUIT to Postgres: it ends at once, and recovers when it is started."""
    harness.database.stop(signal.SIGQUIT)
    harness.database.start()
    return 0


def postgres_fast_shutdown(harness: Harness) -> int:
    """SIGINT to Postgres: it ends its connections and shuts down; then it is started."""
    harness.database.stop(signal.SIGINT)
    harness.database.start()
    return 0


def postgres_stopped(harness: Harness) -> int:
    """SIGSTOP to all processes of Postgres until every client has given up once, then SIGCONT."""
    pids = harness.database.processes()
    send(pids, signal.SIGSTOP)
    harness.load.wait_for_failures(CLIENTS)
    send(pids, signal.SIGCONT)
    return 0


def workers_killed(harness: Harness) -> int:
    """SIGKILL to a random gunicorn worker, twelve times, under load."""
    kills = 0
    for _ in harness.load.turns(12, commands=20):
        if workers := harness.application.workers():
            kills += send([random.choice(workers)], signal.SIGKILL)  # noqa: S311
    return kills


def master_killed(harness: Harness) -> int:
    """SIGKILL to gunicorn's master; then it is started again."""
    harness.application.stop(signal.SIGKILL)
    harness.application.start()
    return 1


def master_terminated(harness: Harness) -> int:
    """SIGTERM to gunicorn's master with requests under way; then it is started again."""
    harness.application.stop()
    harness.application.start()
    return 0


def master_reloaded(harness: Harness) -> int:
    """SIGHUP to gunicorn's master: new workers take over from the old ones."""
    for _ in harness.load.turns(3, commands=300):
        harness.application.reload()
    return 0


def worker_stopped(harness: Harness) -> int:
    """SIGSTOP to a gunicorn worker, with what it holds, for a hundred commands, then SIGCONT."""
    worker = harness.application.workers()[:1]
    send(worker, signal.SIGSTOP)
    harness.load.wait_for(100, after=time.monotonic())  # by the other workers
    send(worker, signal.SIGCONT)
    return 0


def _backends(harness: Harness) -> list[int]:
    query = """SELECT pid FROM pg_stat_activity
        WHERE datname = 'warehouse' AND pid <> pg_backend_pid()"""
    return [pid for (pid,) in harness.database.ask(query)]


def _wait_for_the_end_of(pids: list[int]) -> None:
    wait_until(lambda: not any(map(is_alive, pids)), "an end of all backends")


FAULTS = (
    postgres_killed,
    backend_killed,
    postgres_immediate_shutdown,
    postgres_fast_shutdown,
    postgres_stopped,
    workers_killed,
    master_killed,
    master_terminated,
    master_reloaded,
    worker_stopped,
)
