"""Processes that work until they are told to end, such as workers; of several one leads."""

import signal
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic

from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from .asking import Unfit, require_own_session
from .sessions import own_session

LAST = 9.0  # seconds for what was begun when the process is told to stop

# By name: hash collisions make two of them take turns, no more.
LEAD = "SELECT pg_try_advisory_lock(hashtext('subscription'), hashtext(%s))"
# For a query that has a column `name`: whether somebody leads there.
LED = """
    EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
        AND (classid, objid) = (hashtext('subscription')::oid, hashtext(name)::oid)
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


@contextmanager
def working_process() -> Generator[None, None, None]:
    """For a management command: SIGTERM comes as Ctrl-C does. What the database says against the
    work, and a session that is not fit for it, ends it with a sentence, `CommandError`."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        require_own_session()
        yield
    except (DatabaseError, Unfit) as error:
        raise CommandError(str(error)) from error


def in_threads(work: Callable[[str], None], names: Sequence[str], stopping: Event) -> None:
    """`work(name)` in a thread for each name, until `stopping` is set or Ctrl-C comes. It has to
    look at `stopping`; what it has begun is finished."""
    threads = [Thread(target=work, args=[name], daemon=True) for name in names]
    for thread in threads:
        thread.start()
    with suppress(KeyboardInterrupt):
        stopping.wait()
    stopping.set()
    # What is not finished by then is rolled back when its connection ends, and done again by the
    # next process: nothing is lost or done twice, so a stuck handler does not keep this one.
    end = monotonic() + LAST
    with suppress(KeyboardInterrupt):  # a second Ctrl-C does not wait for it
        for thread in threads:
            thread.join(max(0, end - monotonic()))


@contextmanager
def leading(name: str) -> Generator[bool, None, None]:
    """Whether this thread is the one that works on this, in a database session of its own. The lock
    ends with the session, whatever ends that. It only keeps two from doing the same work: that it
    has its effect once is the work's own doing."""
    with own_session():
        with connection.cursor() as cursor:
            cursor.execute(LEAD, [name])
            [leads] = cursor.fetchone()
        yield leads
