"""Settings and database agree on who delivers, or the first command of a process is not begun.

A server asks before it starts (`manage.py check --database default`). This is for all else that
carries out commands: a shell, an import, a server that does not ask.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache

from django.core.management.base import SystemCheckError

from .subscriptions.switching import differences, wanted


@contextmanager
def agreed(command: object, context: object) -> Generator[None, None, None]:
    """For `settings.AROUND_COMMANDS`. With settings that say otherwise than the database an event
    would be delivered twice, or by nobody.

    Raises `SystemCheckError`, which management commands show as a sentence. What is agreed is asked
    once by each process, because a switch needs all of them to have ended.
    """
    _require(tuple(wanted()))
    yield


@cache
def _require(names: Sequence[str]) -> None:
    if found := differences():
        raise SystemCheckError("\n".join(found))
