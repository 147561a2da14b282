"""In the mode persisted_async: workers beside the tests' server, and waiting until all have heard.

In the other modes nothing of this does anything: all have heard when a command is answered. What
imports models is imported late, because pytest loads this before Django is set up.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from cqrs_example.eventstore.log import END
from cqrs_example.messaging.transaction import EventLog
from cqrs_example.subscriptions.status import status
from dev.modes import ASYNCHRONOUS, chosen_mode

from .racing import until

IN_WORKERS = chosen_mode() == ASYNCHRONOUS
BEHIND = """
    SELECT EXISTS (SELECT FROM subscriptions_checkpoint
        WHERE position < (SELECT max(position) FROM eventstore_event))
"""
# What a worker has read, and not dealt with yet, has no effect any more: the checkpoint has moved.
FORGET = """
    UPDATE subscriptions_checkpoint SET trouble = '', position = greatest(position,
        (SELECT max(position) FROM eventstore_event));
"""


@contextmanager
def workers(server: Any) -> Iterator[None]:
    """`manage.py run_subscriptions` beside a server, into whose log it writes."""
    if not IN_WORKERS:
        yield
        return
    with server.log.open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_subscriptions"],
            env={**os.environ, **server.environment},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def subscribe(**those: Any) -> None:
    """Each entry of the settings, or of those in their place, has a checkpoint where the log ends;
    no other entry has one."""
    if IN_WORKERS:
        from cqrs_example.subscriptions.switching import differences, switch

        with override_settings(**those):
            if differences():
                switch()


def until_working() -> None:
    """Wait until there is a worker at each."""
    if IN_WORKERS:
        until(lambda: all(one["running"] for one in status()))


def until_heard() -> None:
    """Wait for the policies too: they hear, as the read models do, what was recorded so far."""
    if IN_WORKERS:
        until(lambda: not _are_behind())


def _are_behind() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(BEHIND)
        return bool(cursor.fetchone()[0])


@pytest.fixture(autouse=True)
def _heard_after_each_command_of_the_test(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a server its workers hear. What a test rolls back they do not see: there the test lets
    all hear, as a worker would."""
    names = request.fixturenames
    mark = request.node.get_closest_marker("django_db")
    if not IN_WORKERS:
        return
    if "server" in names:
        monkeypatch.setattr(EventLog, "transaction", _followed_by(until_heard))
    elif "transactional_db" not in names and ("db" in names or (mark and not mark.kwargs)):
        request.getfixturevalue("db")
        subscribe()
        monkeypatch.setattr(EventLog, "transaction", _followed_by(_hear_all))


def _followed_by(action: Callable[[], None]) -> Callable[[EventLog], Any]:
    """What a command's transaction is, with an action after it, but not after those in that."""
    carry_out, acting = EventLog.transaction, False

    @contextmanager
    def transaction(log: EventLog) -> Iterator[None]:
        nonlocal acting
        with carry_out(log):
            yield
        if not acting:
            acting = True
            try:
                action()
            finally:
                acting = False

    return transaction


def _hear_all() -> None:
    from cqrs_example.subscriptions.checkpoints import position_of
    from cqrs_example.subscriptions.delivering import hear
    from cqrs_example.subscriptions.following import rows_between

    while _are_behind():
        for name in settings.SUBSCRIPTIONS:
            after = position_of(name)
            if rows := rows_between(after, END):
                hear(name, after, rows)
