"""Context managers that only observe, such as those that measure: they fail nothing."""

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from functools import partial, wraps
from threading import Lock, Thread
from typing import Generic, ParamSpec, TypeVar

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Y = TypeVar("Y")

SAID_EVERY = 60.0  # seconds between two lines about the same observer


def observing(
    look: Callable[P, Generator[Y, None, None]],
) -> Callable[P, AbstractContextManager[Y | None]]:
    """Make a context manager that only observes, as `contextlib.contextmanager` makes one.

    An error of the manager itself is logged, at most once a minute. The code that it surrounds
    returns or raises what it would have without the manager.
    """
    name = f"{look.__module__}.{look.__name__}"

    @wraps(look)
    def observer(*args: P.args, **kwargs: P.kwargs) -> AbstractContextManager[Y | None]:
        return _Observer(name, partial(look, *args, **kwargs))

    return observer


def observing_if(
    wanted: Callable[..., object],
) -> Callable[
    [Callable[P, Generator[Y, None, None]]], Callable[P, AbstractContextManager[Y | None] | None]
]:
    """The same, but there is no context manager, and next to no cost, where `wanted` returns False
    for the arguments; an error in it counts as False, and is logged."""

    def decorate(
        look: Callable[P, Generator[Y, None, None]],
    ) -> Callable[P, AbstractContextManager[Y | None] | None]:
        made = observing(look)

        @wraps(look)
        def observer(*args: P.args, **kwargs: P.kwargs) -> AbstractContextManager[Y | None] | None:
            try:
                return made(*args, **kwargs) if wanted(*args, **kwargs) else None
            except Exception as error:
                log_failure(f"{look.__module__}.{look.__name__}", error)
                return None

        return observer

    return decorate


class _Observer(AbstractContextManager[Y | None], Generic[Y]):
    """It does by hand what `contextlib.contextmanager` takes twice as long for."""

    __slots__ = ("look", "looking", "name")

    def __init__(self, name: str, look: Callable[[], Generator[Y, None, None]]) -> None:
        self.name, self.look = name, look
        self.looking: Generator[Y, None, None] | None = None

    def __enter__(self) -> Y | None:
        try:
            looking = self.look()
            yielded = next(looking)
            self.looking = looking
            return yielded
        except Exception as error:
            log_failure(self.name, error)
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            if self.looking and error:
                self.looking.throw(error)
            elif self.looking:
                next(self.looking, None)
        except StopIteration:  # It has come to its end, and swallowed the error.
            pass
        except BaseException as own:
            if own is not error:
                if not isinstance(own, Exception):
                    raise
                log_failure(self.name, own)


class Measuring(AbstractContextManager[None]):
    """A context manager that only observes: it calls `measured(seconds, error)` at its end."""

    __slots__ = ("begun", "measured", "name")

    def __init__(self, name: str, measured: Callable[[float, BaseException | None], None]) -> None:
        self.name, self.measured, self.begun = name, measured, time.perf_counter()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            self.measured(time.perf_counter() - self.begun, error)
        except Exception as own:
            log_failure(self.name, own)


class Aside(Generic[T]):
    """What was seen, put aside: a thread deals with it once a second, so that nobody waits for it.

    The thread begins with the first that is put aside, and not sooner, because gunicorn forks. An
    error is logged, and what was to be dealt with then is lost. Of more than `most`, the oldest
    are dropped. `after`, if given, is called by the thread after each time.
    """

    every = 1.0  # seconds

    def __init__(
        self,
        name: str,
        deal: Callable[[Sequence[T]], None],
        most: int,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        self.name, self.deal, self.after = name, deal, after
        self.waiting: deque[T] = deque(maxlen=most)
        self.begun, self.lock = False, Lock()

    def put(self, seen: T) -> None:
        """Put it aside, and return at once."""
        self.waiting.append(seen)
        if not self.begun:
            self.begin()

    def begin(self) -> None:
        """Start the thread, if this process has none yet."""
        with self.lock:
            if not self.begun:
                Thread(target=self._go_on, daemon=True, name=self.name).start()
                self.begun = True

    def flush(self) -> None:
        """Deal with what waits; an error is logged."""
        try:
            with self.lock:  # The thread and `/metrics` may both ask.
                some = [self.waiting.popleft() for _ in range(len(self.waiting))]
            if some:
                self.deal(some)
        except Exception as error:
            log_failure(self.name, error)

    def _go_on(self) -> None:
        while True:
            time.sleep(self.every)
            self.flush()
            try:
                self.after()
            except Exception as error:
                log_failure(self.name, error)


_said: dict[str, float] = {}


def log_failure(name: str, error: Exception) -> None:
    """Log that an observer has failed, at most once a minute for each name."""
    if time.monotonic() - _said.get(name, -SAID_EVERY) >= SAID_EVERY:
        _said[name] = time.monotonic()
        log.error("%s does not work, which changes nothing else: %r", name, error, exc_info=error)
