"""Context managers around commands, handlers and deliveries, such as those that measure them.

Settings name functions that make them, so that messaging imports none of them. Such a function
may return None: then there is no manager, which costs least.
"""

import random
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import Any, TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

Look = Callable[..., AbstractContextManager[Any] | None]
C = TypeVar("C")
T = TypeVar("T")

# How many times this thread has tried a command again. Telemetry reads it before and after one.
retries: ContextVar[int] = ContextVar("retries", default=0)


@contextmanager
def around(log: Any, command: object, context: C) -> Generator[C, None, None]:
    """Enter the context managers of `settings.AROUND_COMMANDS`, called `manager(command, context)`.

    They surround all attempts at a command, outside its transaction. So they see an error after the
    rollback, and no error that a new attempt mended. A manager may yield another context, which
    takes the place of the one that it was given. A log in memory has no managers.

    What a manager raises is the answer to the command. A manager that only measures is made by
    `observing.observing`, and so fails no command.
    """
    with ExitStack() as stack:
        for look in _looks(getattr(settings, "AROUND_COMMANDS", ())) if _is_watched(log) else ():
            if (manager := look(command, context)) is not None:
                context = stack.enter_context(manager) or context
        yield context


def call_handler(
    log: Any, name: str, events: Sequence[Any], handler: Callable[[], object]
) -> object:
    """Call a projection or a policy, and return what it returns.

    The context managers of `settings.AROUND_HANDLERS`, called `manager(name, events)`, surround the
    call. They run inside the command's transaction, which may still be rolled back.
    """
    looks = _looks(getattr(settings, "AROUND_HANDLERS", ())) if _is_watched(log) else ()
    return _within(looks, (name, events), handler)


def call_delivery(name: str, rows: Sequence[Any], deliver: Callable[[], None]) -> None:
    """Let a worker or a relay handle the rows of the log that it has read.

    The context managers of `settings.AROUND_DELIVERIES`, called `manager(name, rows)`, surround it.
    """
    _within(_looks(getattr(settings, "AROUND_DELIVERIES", ())), (name, rows), deliver)


def pause(nth: int) -> None:
    """Wait before attempt number `nth + 2`: up to 20 ms, and up to twice as long each time.

    The time is random. Two commands that collided would collide again after equal ones.
    """
    retries.set(retries.get() + 1)
    time.sleep(random.uniform(0, 0.02 * 2**nth))  # noqa: S311


def _is_watched(log: Any) -> bool:
    return getattr(log, "is_watched", True)


def _looks(paths: Iterable[str]) -> Sequence[Look]:
    return _imported(tuple(paths))


@cache
def _imported(paths: Iterable[str]) -> Sequence[Look]:
    return [import_string(path) for path in paths]


def _within(looks: Sequence[Look], arguments: tuple[Any, ...], call: Callable[[], T]) -> T:
    """Call it within the context managers, the first one outermost."""
    for look in reversed(looks):
        if (manager := look(*arguments)) is not None:
            call = partial(_inside, manager, call)
    return call()


def _inside(manager: AbstractContextManager[Any], call: Callable[[], T]) -> T:
    with manager:
        return call()
    raise RuntimeError(f"{manager} must not swallow an error of what it surrounds.")
