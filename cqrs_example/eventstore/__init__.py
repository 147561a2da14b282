"""The event store: one append-only table in Postgres.

In one transaction, lock the streams that a decision is about, read their events, and append:

    with transaction.atomic():
        [account] = lock("account-1")
        append(account, [Deposited(100)])

A *stream* holds the events of one thing. A *version* counts the events of a stream: 1, 2, 3 …
without gaps; 0 means that there is no event yet. A *position* counts the events of the whole log.
Positions increase, may have gaps, and are not the order of commits.
"""

from .appending import DuplicateEvent as DuplicateEvent, NewEvent as NewEvent
from .appending import WrongExpectedVersion as WrongExpectedVersion, append as append
from .appending import append_many as append_many, expect as expect
from .contracts import Event as Event, UnreadableEvent as UnreadableEvent
from .log import caused_by as caused_by, last_event as last_event, read as read
from .log import read_all as read_all, settled_position as settled_position
from .looking import last_events as last_events
from .recorded import RecordedEvent as RecordedEvent, StreamName as StreamName
from .streams import Accepts as Accepts, Stream as Stream, lock as lock

VERSION = "3"
