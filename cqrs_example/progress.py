"""Shows the progress of a long job: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")

WIDTH = 30
OFTEN, SELDOM = 0.1, 10.0  # seconds between two reports, on a terminal and elsewhere


def progress(
    steps: Iterable[tuple[T, int]],
    total: int,
    job: str,
    out: TextIO | None = None,
    every: float | None = None,
) -> Iterator[T]:
    """Yield the first value of each step, and report how far the job is.

    The second value of a step is the number, of `total`, that the job has reached after it. `job`
    names the job. Reports go to standard error, or to the stream `out`; `every` is
    the pause between two reports, in seconds.
    """
    stream: TextIO = out or sys.stderr
    pause = every or (OFTEN if stream.isatty() else SELDOM)
    reported = time.monotonic()
    first: tuple[int, float] | None = None
    try:
        for step, reached in steps:
            yield step
            now = time.monotonic()
            # The rate is that since the first step: a job may begin far from 0.
            first = first or (reached, now)
            if now - reported >= pause:
                figures = _figures(reached, total, reached - first[0], now - first[1])
                _report(stream, f"{job}: {figures}", reached / max(total, 1))
                reported = now
    finally:
        if stream.isatty():
            stream.write("\r\x1b[K")  # the bar makes room for the result, or for what went wrong
            stream.flush()


def counted(number: int, one: str, more: str) -> str:
    """`1 row agrees`, `1,234 rows agree`: the number, with the words for one or for more."""
    return f"{number:,} {one if number == 1 else more}"


def _figures(reached: int, total: int, done: int, seconds: float) -> str:
    share = f"{reached:,} of {total:,}"
    if not done or not seconds:
        return share
    rate = done / seconds
    return f"{share}, {rate:,.0f} per second, {(total - reached) / rate:.0f} s left"


def _report(out: TextIO, text: str, share: float) -> None:
    if out.isatty():
        full = round(WIDTH * min(share, 1))
        out.write(f"\r\x1b[K[{'#' * full}{' ' * (WIDTH - full)}] {text}")
    else:
        out.write(text + "\n")
    out.flush()
