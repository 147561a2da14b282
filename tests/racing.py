"""Threads with database connections of their own, and ways to see who waits for whom."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

PATIENCE = 20  # seconds until a test gives up


def all_at_once(tasks: list[Callable[[], Any]]) -> list[Any]:
    """Run the tasks in threads that start together; their results, in order."""
    barrier = threading.Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        barrier.wait(PATIENCE)
        try:
            return task()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


@contextmanager
def in_background(task: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Run a task in a thread; wait for it at the end."""

    def run() -> Any:
        try:
            return task()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run)
        yield future
        future.result(PATIENCE)


def backend() -> int:
    """The process of this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def waiting_for(pid: int) -> list[int]:
    """Who waits for a lock that this process holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            # Not pg_stat_activity: within a transaction that stays as it was at the first look.
            "SELECT DISTINCT pid FROM pg_locks"
            " WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid))",
            [pid],
        )
        return [waiter for (waiter,) in cursor.fetchall()]


def until(condition: Callable[[], Any]) -> Any:
    """Ask until the answer is true."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := condition()):
        assert time.monotonic() < deadline, "this never happened"
        time.sleep(0.002)
    return answer


@contextmanager
def holding(lock: str) -> Iterator[tuple[int, threading.Event]]:
    """Somebody's transaction that holds a lock; its process, and the event that ends it."""
    release, pids = threading.Event(), list[int]()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(lock)
            pids.append(backend())
            release.wait(PATIENCE)

    with in_background(hold):
        try:
            until(lambda: pids)
            yield pids[0], release
        finally:
            release.set()
