"""A worker: it has a thread for each subscription, which leads it or stands by until it can."""

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

IDLE = 0.02  # seconds between two reads of a log in which nothing happens
STANDBY = 0.5  # seconds between two attempts to lead, or to go on after a failure

# A function that handles rows: the subscription's name, the position before them, and the rows.
Step = Callable[[str, int, Sequence[Row]], None]


def run(names: Sequence[str], stopping: Event, source: Source, step: Step = hear) -> None:
    """Read rows from the source and handle them with `step`, in a thread for each name.

    It ends when `stopping` is set or Ctrl-C comes, after the rows that were begun.
    """
    in_threads(partial(_work, source, step, stopping), names, stopping)


def _work(source: Source, step: Step, stopping: Event, name: str) -> None:
    last_report = ""
    while not stopping.is_set():
        try:
            with leading(name) as leads:
                if leads:
                    _follow(name, source, step, stopping)
        except Exception as error:
            last_report = _report(name, error, last_report)
        # It waits without the lead: a process with newer code may go on where this one fails.
        stopping.wait(STANDBY)


def _follow(name: str, source: Source, step: Step, stopping: Event) -> None:
    """Read rows and handle them until `stopping` is set; raises what a step raises."""
    with connection.cursor() as cursor:
        # Read along the index: without statistics, as after an import, Postgres would sort the rest
        # of the log for each batch.
        cursor.execute("SET enable_sort = off")
    with source(name) as read:
        after, looked, quiet = position_of(name), monotonic(), False
        while not stopping.is_set():
            if rows := read(after):
                call_delivery(name, rows, partial(step, name, after, rows))
            elif quiet:
                stopping.wait(IDLE)
            else:
                stands_still(name, "")  # it has handled all rows, so no failure is left
                quiet = True
            # A step, a rebuild or a reset moves the checkpoint.
            if rows or monotonic() - looked > STANDBY:
                after, looked = position_of(name), monotonic()


def _report(name: str, error: Exception, before: str) -> str:
    """Write why a subscription stands still, and return the sentence.

    The program's log gets it unless it is the same as before. The checkpoint gets it if the
    database answers.
    """
    sentence = " ".join(f"{type(error).__name__}: {error}".split())
    if sentence != before:
        log.error("%s stands still: %s", name, sentence)
    with suppress(Error):
        stands_still(name, sentence)
    connection.close()
    return sentence
