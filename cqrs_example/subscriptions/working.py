"""A worker: a thread for each subscription, which leads it, or stands by until it can."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Event
from time import monotonic

from django.db import Error, connection

from ..messaging.around import call_delivery
from ..operations.processes import in_threads, leading
from .checkpoints import position_of, stands_still
from .delivering import hear
from .following import Row, Source

log = logging.getLogger(__name__)

IDLE = 0.02  # seconds between two looks at a log in which nothing happens
STANDBY = 0.5  # seconds between two tries to lead, or to go on after a failure

Step = Callable[[str, int, Sequence[Row]], None]  # what to do with rows after a position


def run(names: Sequence[str], stopping: Event, source: Source, step: Step = hear) -> None:
    """Work until `stopping` is set or Ctrl-C comes, in a thread for each name; what was begun is
    finished."""
    in_threads(partial(_work, source, step, stopping), names, stopping)


def _work(source: Source, step: Step, stopping: Event, name: str) -> None:
    last_report = ""
    while not stopping.is_set():
        try:
            with leading(name) as leads:
                if leads:
                    _follow(name, source, step, stopping)
        except Exception as error:
            last_report = _tell(name, error, last_report)
        # Without the lead: where this code cannot go on, another process with newer code may.
        stopping.wait(STANDBY)


def _follow(name: str, source: Source, step: Step, stopping: Event) -> None:
    """Read and deal with what comes, until told to stop; raises what went wrong."""
    with connection.cursor() as cursor:
        # Along the index: without statistics, as after an import, Postgres would rather sort the
        # rest of the log for each batch.
        cursor.execute("SET enable_sort = off")
    with source(name) as read:
        after, looked, quiet = position_of(name), monotonic(), False
        while not stopping.is_set():
            if rows := read(after):
                call_delivery(name, rows, partial(step, name, after, rows))
            elif quiet:
                stopping.wait(IDLE)
            else:
                stands_still(name, "")  # what it stood still for is over, or it would have rows
                quiet = True
            # Where the step left it, or where a rebuild or a reset has put it.
            if rows or monotonic() - looked > STANDBY:
                after, looked = position_of(name), monotonic()


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
