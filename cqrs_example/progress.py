"""How far a long job is: a bar on a terminal, now and then a plain line elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")

WIDTH = 30
OFTEN, SELDOM = 0.1, 10.0  # seconds between two reports, on a terminal and elsewhere


def progress(
    steps: Iterable[tuple[T, int]], total: int, what: str, out: TextIO | None = None
) -> Iterator[T]:
    """Hand on what each step yields beside a number: how far of `total` the job is by then.

    `what` names the job. Reports go to standard error unless `out` is another stream.
    """
    out = out or sys.stderr
    begin = reported = time.monotonic()
    try:
        for step, reached in steps:
            yield step
            now = time.monotonic()
            if now - reported >= (OFTEN if out.isatty() else SELDOM):
                told = f"{what}: {_figures(reached, total, now - begin)}"
                _report(out, told, reached / max(total, 1))
                reported = now
    finally:
        if out.isatty():
            out.write("\r\x1b[K")  # the bar makes room for the result, or for what went wrong
            out.flush()


def _figures(reached: int, total: int, seconds: float) -> str:
    rate = reached / seconds
    left = (total - reached) / rate if rate else 0
    return f"{reached:,} of {total:,}, {rate:,.0f} per second, {left:.0f} s left"


def _report(out: TextIO, text: str, share: float) -> None:
    if out.isatty():
        full = round(WIDTH * min(share, 1))
        out.write(f"\r\x1b[K[{'#' * full}{' ' * (WIDTH - full)}] {text}")
    else:
        out.write(text + "\n")
    out.flush()
