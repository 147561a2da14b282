"""What surrounds commands, handlers and deliveries, by settings: messaging knows none of it."""

import random
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

C = TypeVar("C")

# How often commands were tried again in this thread, since it began.
retries: ContextVar[int] = ContextVar("retries", default=0)


@contextmanager
def around(log: Any, command: object, context: C) -> Generator[C, None, None]:
    """Enter what `settings.AROUND_COMMANDS` names: context managers, `manager(command, context)`.

    They surround all attempts at a command, outside its transaction: what is raised in the end they
    see after the rollback. One that yields a context has it take the place of the one that it was
    given. Commands over a log in memory have none.
    """
    with ExitStack() as stack:
        for path in getattr(settings, "AROUND_COMMANDS", ()) if _is_watched(log) else ():
            context = stack.enter_context(import_string(path)(command, context)) or context
        yield context


def call_handler(
    log: Any, name: str, events: Sequence[Any], handler: Callable[[], object]
) -> object:
    """Call a projection or a policy, and return what it returns.

    Around it is what `settings.AROUND_HANDLERS` names: context managers, `manager(name, events)`.
    They are in its transaction, which may be rolled back later.
    """
    paths = getattr(settings, "AROUND_HANDLERS", ()) if _is_watched(log) else ()
    if not paths:  # nothing is watched, and nothing costs
        return handler()
    with _entered(paths, name, events):
        return handler()


def call_delivery(name: str, rows: Sequence[Any], deliver: Callable[[], None]) -> None:
    """Call what a worker or a relay does with the rows of the log that it has read.

    Around it is what `settings.AROUND_DELIVERIES` names: context managers, `manager(name, rows)`.
    """
    with _entered(getattr(settings, "AROUND_DELIVERIES", ()), name, rows):
        deliver()


def pause(nth: int) -> None:
    """Before a command is tried again: lets another one go ahead."""
    retries.set(retries.get() + 1)
    time.sleep(random.uniform(0, 0.02 * 2**nth))  # noqa: S311


def _is_watched(log: Any) -> bool:
    return getattr(log, "is_watched", True)


@contextmanager
def _entered(paths: Iterable[str], *arguments: Any) -> Generator[None, None, None]:
    with ExitStack() as stack:
        for path in paths:
            stack.enter_context(import_string(path)(*arguments))
        yield
