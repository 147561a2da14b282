"""Waiting for the transactions that write to the log, and not in silence."""

import sys
from threading import Timer

from ..eventstore import settled_position
from .delivered import checkpoint

LONG = 5.0  # seconds


def settle(name: str) -> int:
    """Up to where a read model has heard and the log is settled: its checkpoint, or where the
    transactions deliver, `settled_position`; after `LONG` seconds of waiting for that, standard
    error gets a line."""
    if (heard := checkpoint(name)) is not None:
        return heard
    told = f"{name}: waiting for a transaction that writes to the log and does not end"
    timer = Timer(LONG, lambda: print(told, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        return settled_position()
    finally:
        timer.cancel()
