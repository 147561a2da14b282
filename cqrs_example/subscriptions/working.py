"""A worker: a thread for each subscription, which leads it, or stands by until it can."""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Thread
from time import monotonic

from django.db import Error, connection

from ..operations.sessions import own_session
from .checkpoints import position_of, stands_still
from .delivering import hear
from .following import Row, Source

log = logging.getLogger(__name__)

IDLE = 0.02  # seconds between two looks at a log in which nothing happens
STANDBY = 0.5  # seconds between two tries to lead, or to go on after a failure
LAST = 9.0  # seconds for what was begun when the process is told to stop

# By name: hash collisions make two of them take turns, no more.
LEAD = "SELECT pg_try_advisory_lock(hashtext('subscription'), hashtext(%s))"

Step = Callable[[str, int, Sequence[Row]], None]  # what to do with rows after a position


def run(names: Sequence[str], stopping: Event, source: Source, step: Step = hear) -> None:
    """Work until `stopping` is set or Ctrl-C comes, in a thread for each name; what was begun is
    finished."""
    work = partial(_work, source, step, stopping)
    threads = [Thread(target=work, args=[name], daemon=True) for name in names]
    for thread in threads:
        thread.start()
    with suppress(KeyboardInterrupt):
        stopping.wait()
    stopping.set()
    # What is not finished by then is rolled back when its connection ends, and done again by the
    # next worker: nothing is lost or done twice, so a stuck handler does not keep the process.
    end = monotonic() + LAST
    with suppress(KeyboardInterrupt):  # a second Ctrl-C does not wait for it
        for thread in threads:
            thread.join(max(0, end - monotonic()))


def _work(source: Source, step: Step, stopping: Event, name: str) -> None:
    told = ""
    while not stopping.is_set():
        try:
            with _leading(name) as leads:
                if leads:
                    _follow(name, source, step, stopping)
        except Exception as error:
            told = _tell(name, error, told)
        # Without the lead: where this code cannot go on, another process with newer code may.
        stopping.wait(STANDBY)


def _follow(name: str, source: Source, step: Step, stopping: Event) -> None:
    """Read and deal with what comes, until told to stop; raises what went wrong."""
    with source(name) as read:
        after, looked, quiet = position_of(name), monotonic(), False
        while not stopping.is_set():
            if rows := read(after):
                step(name, after, rows)
            elif quiet:
                stopping.wait(IDLE)
            else:
                stands_still(name, "")  # what it stood still for is over, or it would have rows
                quiet = True
            # Where the step left it, or where a rebuild or a reset has put it.
            if rows or monotonic() - looked > STANDBY:
                after, looked = position_of(name), monotonic()


@contextmanager
def _leading(name: str) -> Generator[bool, None, None]:
    """Whether this process is the one that works on this, in a database session of its own. The
    lock ends with the session, whatever ends that. It only keeps two from doing the same work: that
    an event has its effect once is the checkpoint's doing."""
    with own_session():
        with connection.cursor() as cursor:
            # Along the index: without statistics, as after an import, Postgres would rather sort
            # the rest of the log for each batch.
            cursor.execute("SET enable_sort = off")
            cursor.execute(LEAD, [name])
            [leads] = cursor.fetchone()
        yield leads


def _tell(name: str, error: Exception, before: str) -> str:
    """Into the log, unless it is the same as before, and where the database answers, into the
    checkpoint; returns the sentence."""
    sentence = " ".join(f"{type(error).__name__}: {error}".split())
    if sentence != before:
        log.error("%s stands still: %s", name, sentence)
    with suppress(Error):
        stands_still(name, sentence)
    connection.close()
    return sentence
