"""Follow the log: read the rows after a position, in order, and without missing one."""

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ..eventstore import settled_position
from ..eventstore.log import END, WHOLE_LOG
from ..eventstore.statements import send

MOST = 1000  # rows that are read at once, and so the events in one transaction of a projection

Row = Sequence[Any]  # an event as `eventstore.recorded` reads it; the first value is its position

# A function that returns the rows that come next after a position, or none if nothing has happened.
# Its caller has handled these rows before it calls again.
Read = Callable[[int], Sequence[Row]]
# A function that opens a `Read` for the subscription with this name.
Source = Callable[[str], AbstractContextManager[Read]]


@contextmanager
def from_log(name: str) -> Generator[Read, None, None]:
    """The source that reads the log itself, without a broker.

    As `eventstore.read_all` it misses no event whose transaction commits late. But it returns rows
    undecoded, since the relay also passes on events that this code cannot read. And it returns the
    rows before a gap at once, and only then waits for transactions that may fill the gap.
    """
    settled = 0

    def read(after: int) -> Sequence[Row]:
        nonlocal settled
        rows = rows_between(after, END)
        # A transaction that has not committed yet may fill the first gap above the settled
        # position. A row behind it must wait, or the event in the gap would be missed.
        safe = [row for nth, row in enumerate(rows, after + 1) if row[0] <= max(nth, settled)]
        if rows and not safe:
            settled = settled_position()  # kept, so that many gaps below it cost one query
            return rows_between(after, settled)
        return safe

    yield read


def rows_between(after: int, upto: int) -> Sequence[Row]:
    """Up to `MOST` rows after one position and up to another, settled or not."""
    return send(WHOLE_LOG, [after, upto, MOST])
