"""Following the log: what comes after a position, as rows, in order and without missing any."""

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ..eventstore import settled_position
from ..eventstore.log import END, WHOLE_LOG
from ..eventstore.statements import send

MOST = 1000  # rows at a time: so many events meet in one transaction of a projection

Row = Sequence[Any]  # an event as `eventstore.recorded` reads it; the first value is its position

# Returns the rows that come next after a position; none: nothing has happened. It is called again
# when these were dealt with. A source opens one by the name of a subscription.
Read = Callable[[int], Sequence[Row]]
Source = Callable[[str], AbstractContextManager[Read]]


@contextmanager
def from_log(name: str) -> Generator[Read, None, None]:
    """The source of workers that need no broker: gap-safe as `eventstore.read_all`, but without
    decoding (the relay passes on what this code cannot read), and not waiting at a gap before what
    stands in front of it is dealt with."""
    settled = 0

    def read(after: int) -> Sequence[Row]:
        nonlocal settled
        rows = rows_between(after, END)
        # Behind the first gap above the settled position one may come yet that is before these.
        sure = [row for nth, row in enumerate(rows, after + 1) if row[0] <= max(nth, settled)]
        if rows and not sure:
            settled = settled_position()  # so that a log with many gaps is asked for only once
            return rows_between(after, settled)
        return sure

    yield read


def rows_between(after: int, upto: int) -> Sequence[Row]:
    """Up to `MOST` rows behind one position and up to another one, settled or not."""
    return send(WHOLE_LOG, [after, upto, MOST])
