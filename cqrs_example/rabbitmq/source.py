"""The source of a worker that waits at a queue, and reads the log if the queue does not work."""

import json
import logging
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic

import amqp

from ..subscriptions.following import Read, Row, from_log, rows_between
from .broker import BROKEN, connected, declare

log = logging.getLogger(__name__)

SILENCE = 1.0  # seconds without a message until it reads the log, since the queue may be dead
AGAIN = 5.0  # seconds between two attempts to connect
AT_ONCE = 500  # the broker sends up to so many messages before they are acknowledged


@contextmanager
def from_queue(name: str) -> Generator[Read, None, None]:
    """A source for `settings.SUBSCRIPTION_SOURCE`.

    A message only tells the worker up to which position to read the log. So the worker hears the
    right events even if the broker loses or doubles messages or delivers those of a stranger. And
    messages need not have all metadata.
    """
    with from_log(name) as read_log, ExitStack() as stack:
        yield Feed(name, read_log, stack).read


class Feed:
    """Read the log for one subscription whenever its queue has a message.

    behind      whether to read the log without waiting for messages, up to its end
    newest      the position and the id of the newest event that a message named
    tag         the delivery tag of the last message
    said_so     whether the loss of the connection was logged
    """

    def __init__(self, name: str, read_log: Read, stack: ExitStack) -> None:
        self.name, self.read_log, self.stack = name, read_log, stack
        self.connection: amqp.Connection | None = None
        self.tried = -AGAIN
        self.behind = self.said_so = False
        self.newest = (0, "")

    def read(self, after: int) -> Sequence[Row]:
        """The rows that come next after a position; the caller has handled the rows before it."""
        try:
            if self.connection is None:
                self._connect()
            if self.connection is None or self.behind:
                self.behind = bool(rows := self.read_log(after))
                return rows
            self._acknowledge()
            if self.newest[0] <= after:
                self._listen(self.connection)
        except BROKEN as error:
            self._lose(error)
        position, event_id = self.newest
        if position > after and _is_in_log(position, event_id):
            return rows_between(after, position)
        self.newest = (0, "")
        return self.read_log(after)  # silence, or a message about an event that the log lacks

    def _connect(self) -> None:
        if monotonic() - self.tried < AGAIN:
            return
        connection = self.stack.enter_context(connected())
        self.channel = connection.channel()
        queue = declare(self.channel, self.name)
        # The log has the events of old messages, which would delay the new ones.
        self.channel.queue_purge(queue)
        self.channel.basic_qos(0, AT_ONCE, False)
        self.channel.basic_consume(queue, callback=self._take)
        self.tag = self.acknowledged = 0
        self.connection, self.behind, self.said_so = connection, True, False

    def _listen(self, connection: amqp.Connection) -> None:
        with suppress(TimeoutError):
            connection.drain_events(timeout=SILENCE)
            while self.tag - self.acknowledged < AT_ONCE:
                connection.drain_events(timeout=0.001)
        connection.heartbeat_tick()

    def _take(self, message: amqp.Message) -> None:
        self.tag = message.delivery_tag
        try:
            body = json.loads(message.body)
            self.newest = max(self.newest, (int(body["position"]), str(body["id"])))
        except (ValueError, TypeError, KeyError) as error:
            log.warning("%s: ignores a message that is no event of ours: %r", self.name, error)

    def _acknowledge(self) -> None:
        if self.tag > self.acknowledged:
            self.channel.basic_ack(self.tag, multiple=True)
            self.acknowledged = self.tag

    def _lose(self, error: Exception) -> None:
        if not self.said_so:
            log.warning("%s: follows the log without the broker: %r", self.name, error)
        self.stack.close()
        self.connection, self.newest, self.said_so = None, (0, ""), True
        self.tried = monotonic()


def _is_in_log(position: int, event_id: str) -> bool:
    """Whether the log has this event at this position.

    It may lack the event if a stranger sent the message, or if a backup from before the event was
    restored. An event that the relay published is settled, and so are all before it.
    """
    rows = rows_between(position - 1, position)
    return bool(rows) and rows[0][1] == event_id
