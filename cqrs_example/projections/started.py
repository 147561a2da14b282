"""Run a rebuild or a verification in a process of its own, for a page, which cannot wait for it.

    run = start("verify", "balances", by="ann")

The process outlives the one that has started it. Its row in `Run` has its progress. It holds a lock
as long as it lives: if a row has no end and nobody holds its lock, the process was killed.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from functools import partial
from io import StringIO
from threading import Thread

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ..operations.asking import Unfit
from ..operations.sessions import own_session
from ..progress import progress
from .models import Run
from .rebuild import rebuild
from .replay import projection
from .runs import Job, Result, outcome
from .sessions import column
from .tables import Unreplayable
from .verify import verify_projection
from .verify_log import verify_log

EVERY = 1.0  # seconds between two reports
BEGUN = "begun"
# A process may take so long until it holds its lock; until then it does not count as killed.
STARTING = timedelta(minutes=1)
LOCK = "SELECT pg_try_advisory_lock(hashtext('projection run'), %s)"
LOCKED = """
    SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
        AND classid = hashtext('projection run')::oid
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
KILLED = "not done: its process was killed"


class NotStarted(Exception):
    """Nothing was started; the message says why."""


def job(action: str, name: str) -> Job:
    """The job for an action and a projection's name, or "" for the log; raises `NotStarted`."""
    try:
        if (action, name) == ("verify", ""):
            return verify_log
        projection(name)
    except Unreplayable as error:
        raise NotStarted(str(error)) from error
    jobs = {"verify": verify_projection, "rebuild": rebuild}
    if action not in jobs:
        raise NotStarted(f"There is no {action!r}: say verify or rebuild.")
    return partial(jobs[action], name)


def start(action: str, name: str, by: str) -> Run:
    """Start a process that carries out an action, after this transaction's commit; returns its row.

    Raises `NotStarted`, also if another run of the same read model is at work.
    """
    job(action, name)
    try:
        with transaction.atomic():
            _require_alone(name)
            run = Run.objects.create(
                projection=name, action=action, started_at=timezone.now(), started_by=by
            )
    except IntegrityError as error:  # somebody else started one at the same moment
        raise NotStarted(f"Another run of {name or 'the log'} was started just now.") from error
    transaction.on_commit(partial(_begin, run.pk))
    return run


def at_work(runs: Iterable[Run]) -> set[int]:
    """The ids of the runs that are at work or begin; another one without an end was killed."""
    open_runs = [run for run in runs if run.finished_at is None]
    locked: set[int] = set(column(LOCKED)) if open_runs else set()
    young = timezone.now() - STARTING
    return {
        run.pk
        for run in open_runs
        if run.pk in locked or (not run.progress and run.started_at > young)
    }


def carry_out_run(pk: int) -> None:
    """Carry out the run with this id, in this process, and keep its row up to date meanwhile."""
    try:
        with own_session():
            _carry_out(pk)
    except Unfit as error:
        _finish(pk, Result("not done", [str(error)]))


def _carry_out(pk: int) -> None:
    # The lock first: a run that has waited for long may have been given up as killed meanwhile, and
    # another one begun.
    if column(LOCK, pk) != [True]:
        return  # somebody has started it by hand
    run = Run.objects.filter(pk=pk, finished_at=None).first()
    if run is None:
        return
    Run.objects.filter(pk=pk).update(progress=BEGUN)
    results, out = list[Result](), StringIO()
    watch = partial(progress, job=run.projection or "the log", out=out, every=EVERY)
    work = partial(outcome, job(run.action, run.projection), watch)

    def in_thread() -> None:  # with a connection of its own
        with closing(connection):
            results.append(work())

    thread = Thread(target=in_thread, daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(EVERY)
            _report(run, out)
        [result] = results
    except KeyboardInterrupt:  # the work ends with this process
        result = Result("not done", ["The process was told to end."])
    _finish(pk, result)


def _report(run: Run, out: StringIO) -> None:
    lines = out.getvalue().splitlines()
    if lines and lines[-1] != run.progress:
        run.progress = lines[-1]
        Run.objects.filter(pk=run.pk).update(progress=run.progress)


def _require_alone(name: str) -> None:
    earlier = list(Run.objects.filter(projection=name, finished_at=None))
    working = at_work(earlier)
    for run in earlier:
        if run.pk in working:
            what = f"{run.action} of {name or 'the log'}"
            raise NotStarted(f"A {what} is at work: {run.started_by} has started it.")
        _finish(run.pk, Result(KILLED, ["It came to no end of its own."]))


def _finish(pk: int, result: Result) -> None:
    Run.objects.filter(pk=pk, finished_at=None).update(**Run.outcome_of(result))


def _begin(pk: int) -> None:
    # Without WEB_PROCESS its sessions do not have the time limits of web processes.
    environment = {name: value for name, value in os.environ.items() if name != "WEB_PROCESS"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        process = subprocess.Popen(  # noqa: S603 (nothing of it was typed)
            [sys.executable, "-m", "django", "carry_out_run", str(pk)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # a signal to the group of the web process does not reach it
        )
    except OSError as error:
        _finish(pk, Result("not done", [f"The process did not start: {error}"]))
        return
    Thread(target=process.wait, daemon=True).start()  # otherwise it would end as a zombie
