"""A rebuild or a check as a command carries it out: its result is printed, and kept in `Run`."""

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
    """What came out, in a sentence; `findings` tell what is wrong, and are empty if all is well."""

    sentence: str
    findings: Sequence[str] = ()


# A job gets `watch(steps, total)`, which goes through steps and shows how far it is.
Job = Callable[[Callable[..., Any]], Result]


def carry_out(action: str, jobs: Iterable[tuple[str, Job]], out: OutputWrapper) -> None:
    """Do one job after the other, by name ("" is the log); raise `CommandError` if one failed."""
    failed = 0
    try:
        for name, job in jobs:
            result = _carry_out(action, name, job)
            out.write(f"{name or 'the log'}: {result.sentence}")
            for finding in result.findings:
                out.write(f"  {finding}")
            failed += bool(result.findings)
    except KeyboardInterrupt:
        sentence = f"Stopped: what was told was done, the rest of this {action} was not."
        raise CommandError(sentence, returncode=130) from None
    if failed:
        raise CommandError(f"{failed} failed.")


def known(names: Sequence[str]) -> Sequence[str]:
    """The names, if all of them are projections: asked before anything is done."""
    try:
        for name in names:
            projection(name)
    except Unreplayable as error:
        raise CommandError(str(error)) from error
    return names


def telling(module: ModuleType) -> ModuleType:
    """The same projection, but what it raises becomes a sentence that says at which events."""

    @wraps(module.project)  # it hears what that one hears
    def project(events: Sequence[RecordedEvent[Any]]) -> None:
        try:
            module.project(events)
        except (Unreplayable, OperationalError, InterfaceError):
            raise  # told well enough, or not the projection's doing
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
    try:
        result = job(partial(progress, job=name or "the log"))
    except Exception as error:  # a bug in a projection or an invariant is told as well, and kept
        kind = "" if isinstance(error, FAILURES) else f"{type(error).__name__}: "
        result = Result("not done", [kind + " ".join(str(error).split())])
    # The database may have been the failure.
    with suppress(DatabaseError, InterfaceError):
        Run.objects.create(
            projection=name,
            action=action,
            started_at=began,
            succeeded=not result.findings,
            result=" ".join([result.sentence, *result.findings[:1]]),
        )
    return result
