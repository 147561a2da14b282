"""Context managers around commands, handlers and deliveries, such as those that measure them.

Settings name them, so that messaging imports none of them.
"""

import random
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

C = TypeVar("C")

# How many times this thread has tried a command again. Telemetry reads it before and after one.
retries: ContextVar[int] = ContextVar("retries", default=0)


@contextmanager
def around(log: Any, command: object, context: C) -> Generator[C, None, None]:
    """Enter the context managers of `settings.AROUND_COMMANDS`, called `manager(command, context)`.

    They surround all attempts at a command, outside its transaction. So they see an error after the
    rollback, and no error that a new attempt mended. A manager may yield another context, which
    takes the place of the one that it was given. A log in memory has no managers.
    """
    with ExitStack() as stack:
        for path in getattr(settings, "AROUND_COMMANDS", ()) if _is_watched(log) else ():
            context = stack.enter_context(import_string(path)(command, context)) or context
        yield context


def call_handler(
    log: Any, name: str, events: Sequence[Any], handler: Callable[[], object]
) -> object:
    """Call a projection or a policy, and return what it returns.

    The context managers of `settings.AROUND_HANDLERS`, called `manager(name, events)`, surround the
    call. They run inside the command's transaction, which may still be rolled back.
    """
    paths = getattr(settings, "AROUND_HANDLERS", ()) if _is_watched(log) else ()
    if not paths:  # An ExitStack for each call would cost something, even an empty one.
        return handler()
    with _entered(paths, name, events):
        return handler()


def call_delivery(name: str, rows: Sequence[Any], deliver: Callable[[], None]) -> None:
    """Let a worker or a relay handle the rows of the log that it has read.

    The context managers of `settings.AROUND_DELIVERIES`, called `manager(name, rows)`, surround it.
    """
    with _entered(getattr(settings, "AROUND_DELIVERIES", ()), name, rows):
        deliver()


def pause(nth: int) -> None:
    """Wait before attempt number `nth + 2`: up to 20 ms, and up to twice as long each time.

    The time is random. Two commands that collided would collide again after equal ones.
    """
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
