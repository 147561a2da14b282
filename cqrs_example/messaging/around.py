"""Context managers around commands, handlers and deliveries, such as those that measure them.

Settings name them, so that messaging imports none of them.
"""

import logging
import random
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, Generic, ParamSpec, TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)

C = TypeVar("C")
P = ParamSpec("P")
Y = TypeVar("Y")

SAID_EVERY = 60.0  # seconds between two lines about the same observer

# How many times this thread has tried a command again. Telemetry reads it before and after one.
retries: ContextVar[int] = ContextVar("retries", default=0)


@contextmanager
def around(log: Any, command: object, context: C) -> Generator[C, None, None]:
    """Enter the context managers of `settings.AROUND_COMMANDS`, called `manager(command, context)`.

    They surround all attempts at a command, outside its transaction. So they see an error after the
    rollback, and no error that a new attempt mended. A manager may yield another context, which
    takes the place of the one that it was given. A log in memory has no managers.

    What a manager raises is the answer to the command. A manager that only measures is made by
    `observing`, and so fails no command.
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


def observing(
    look: Callable[P, Generator[Y, None, None]],
) -> Callable[P, AbstractContextManager[Y | None]]:
    """Make a context manager that only observes, as `contextlib.contextmanager` makes one.

    An error of the manager itself is logged, at most once a minute. The code that it surrounds
    returns or raises what it would have without the manager.
    """
    made, name = contextmanager(look), f"{look.__module__}.{look.__name__}"

    @wraps(look)
    def observer(*args: P.args, **kwargs: P.kwargs) -> AbstractContextManager[Y | None]:
        return _Observer(name, partial(made, *args, **kwargs))

    return observer


class _Observer(AbstractContextManager[Y | None], Generic[Y]):
    def __init__(self, name: str, make: Callable[[], AbstractContextManager[Y]]) -> None:
        self.name, self.make = name, make
        self.manager: AbstractContextManager[Y] | None = None

    def __enter__(self) -> Y | None:
        try:
            manager = self.make()
            yielded = manager.__enter__()
            self.manager = manager
            return yielded
        except Exception as error:
            log_failure(self.name, error)
        return None

    def __exit__(self, *raised: Any) -> None:
        try:
            if self.manager:
                self.manager.__exit__(*raised)
        except Exception as error:
            log_failure(self.name, error)


_said: dict[str, float] = {}


def log_failure(name: str, error: Exception) -> None:
    """Log that an observer has failed, at most once a minute for each name."""
    if time.monotonic() - _said.get(name, -SAID_EVERY) >= SAID_EVERY:
        _said[name] = time.monotonic()
        log.error("%s does not work, which changes nothing else: %r", name, error, exc_info=error)


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
