"""Wait for the transactions that write to the log, with a message when that takes long."""

import sys
from threading import Timer

from ..eventstore import settled_position

LONG = 5.0  # seconds


def settled_and_told(who: str) -> int:
    """Returns `settled_position()`. After `LONG` seconds of waiting it prints to standard error
    that `who` waits, and for what."""
    sentence = f"{who}: waiting for a transaction that writes to the log and does not end"
    timer = Timer(LONG, lambda: print(sentence, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        return settled_position()
    finally:
        timer.cancel()
