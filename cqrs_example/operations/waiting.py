"""Waiting for the transactions that write to the log, and not in silence."""

import sys
from threading import Timer

from ..eventstore import settled_position

LONG = 5.0  # seconds


def settled_and_told(who: str) -> int:
    """`settled_position`; after `LONG` seconds of waiting for it, standard error gets a line that
    says who waits, and for what."""
    sentence = f"{who}: waiting for a transaction that writes to the log and does not end"
    timer = Timer(LONG, lambda: print(sentence, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        return settled_position()
    finally:
        timer.cancel()
