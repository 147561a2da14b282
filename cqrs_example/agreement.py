"""A process carries out no command while settings and database disagree on who delivers.

A server checks that before it starts (`manage.py check --database default`). This is for all other
processes that carry out commands: a shell, an import, a server that does not run the check.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache

from django.core.management.base import SystemCheckError

from .subscriptions.switching import differences, wanted


@contextmanager
def agreed(command: object, context: object) -> Generator[None, None, None]:
    """A context manager for `settings.AROUND_COMMANDS`, which raises before a command is begun.

    If settings and database disagreed, an event would be delivered twice, or by nobody. The
    `SystemCheckError` is shown as a sentence by management commands. Each process asks the database
    once, because a switch requires that all processes have ended.
    """
    _require(tuple(wanted()))
    yield


@cache
def _require(names: Sequence[str]) -> None:
    if found := differences():
        raise SystemCheckError("\n".join(found))
