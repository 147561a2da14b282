"""Carry out rebuilds and checks for commands: print each result, and keep it as a `Run`."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial, wraps
from types import ModuleType
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from ..eventstore import RecordedEvent, UnreadableEvent
from ..operations.asking import Unfit
from ..progress import progress
from .models import Run
from .replay import projection
from .tables import Unreplayable

FAILURES = (Unreplayable, Unfit, UnreadableEvent, DatabaseError, InterfaceError)


@dataclass(frozen=True)
class Result:
    """The result in a sentence; `findings` has a sentence for each fault, and is empty without."""

    sentence: str
    findings: Sequence[str] = ()


# A job is called with `watch(steps, total)`, which goes through steps and shows the progress.
Job = Callable[[Callable[..., Any]], Result]


def carry_out(action: str, jobs: Iterable[tuple[str, Job]], out: OutputWrapper) -> None:
    """Do the jobs, each with its name ("" for the log itself), one after the other. Raises
    `CommandError` at the end if one failed."""
    failed = 0
    try:
        for name, job in jobs:
            result = _carry_out(action, name, job)
            out.write(f"{name or 'the log'}: {result.sentence}")
            for finding in result.findings:
                out.write(f"  {finding}")
            failed += bool(result.findings)
    except KeyboardInterrupt:
        sentence = f"Stopped: the results above stand, the rest of this {action} was not done."
        raise CommandError(sentence, returncode=130) from None
    if failed:
        raise CommandError(f"{failed} failed.")


def known(names: Sequence[str]) -> Sequence[str]:
    """The names, if all of them are projections; raises `CommandError` before any work is done."""
    try:
        for name in names:
            projection(name)
    except Unreplayable as error:
        raise CommandError(str(error)) from error
    return names


def telling(module: ModuleType) -> ModuleType:
    """The same projection, but each of its errors becomes a sentence that names the events."""

    @wraps(module.project)  # so that its signature names the same events
    def project(events: Sequence[RecordedEvent[Any]]) -> None:
        try:
            module.project(events)
        except (Unreplayable, OperationalError, InterfaceError):
            raise  # its message is good already, or it is not the projection's fault
        except Exception as error:
            first, last = events[0].position, events[-1].position
            raise Unreplayable(
                f"{module.__name__} raised {type(error).__name__}: {error}"
                f" (at the events from position {first} to {last})."
            ) from error

    replacement = ModuleType(module.__name__)
    vars(replacement).update(project=project, MODELS=module.MODELS)
    return replacement


def _carry_out(action: str, name: str, job: Job) -> Result:
    began = timezone.now()
    result = outcome(job, partial(progress, job=name or "the log"))
    # The database may have been the cause.
    with suppress(DatabaseError, InterfaceError):
        Run.objects.create(
            projection=name,
            action=action,
            started_at=began,
            **Run.outcome_of(result),
        )
    return result


def outcome(job: Job, watch: Callable[..., Any]) -> Result:
    """The result of a job, even if it raises an error."""
    try:
        return job(watch)
    except Exception as error:  # a bug in a projection or an invariant is a result, too
        kind = "" if isinstance(error, FAILURES) else f"{type(error).__name__}: "
        return Result("not done", [kind + " ".join(str(error).split())])
