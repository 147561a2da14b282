"""The event store: one append-only table in Postgres.

Lock the streams you decide on, look at what they hold, append; all in one transaction:

    with transaction.atomic():
        [account] = lock("account-1")
        append(account, [Deposited(100)])

Names are the field's: a *stream* holds the events of one thing, a *version* counts within a stream
(1, 2, 3 … without gaps, 0 means "no stream yet"), a *position* counts within the whole log
(increasing, may have gaps, and is not the order of commits).
"""

from .contracts import Event, UnreadableEvent
from .log import caused_by, last_event, read, read_all, settled_position
from .recorded import RecordedEvent
from .streams import DuplicateEvent, NewEvent, Stream, WrongExpectedVersion
from .streams import append, append_many, expect, lock
