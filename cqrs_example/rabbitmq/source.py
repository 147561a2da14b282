"""A worker's source that is fed by a queue, and falls back on the log."""

import json
import logging
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic

import amqp

from ..subscriptions.following import Read, Row, from_log, rows_between
from .broker import BROKEN, connected, declare

log = logging.getLogger(__name__)

SILENCE = 1.0  # seconds without a message, until the log is looked at: the queue may be dead
AGAIN = 5.0  # seconds between two tries to connect
AT_ONCE = 500  # messages that are waiting here at most


@contextmanager
def from_queue(name: str) -> Generator[Read, None, None]:
    """For `SUBSCRIPTION_SOURCE`. A message says what comes next, and the log what that is.

    So what the worker hears does not depend on what the broker lost, doubles, or was given by a
    stranger, and metadata need not travel.
    """
    with from_log(name) as read_log, ExitStack() as stack:
        yield Feed(name, read_log, stack).read


class Feed:
    """The queue of one subscription."""

    def __init__(self, name: str, read_log: Read, stack: ExitStack) -> None:
        self.name, self.read_log, self.stack = name, read_log, stack
        self.connection: amqp.Connection | None = None
        self.tried = -AGAIN
        self.behind = self.said_so = False
        self.newest = (0, "")  # position and id, as a message says

    def read(self, after: int) -> Sequence[Row]:
        """What comes next. All that was returned before has been dealt with by now."""
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
        return self.read_log(after)  # a hole, a message that is none of ours, or silence

    def _connect(self) -> None:
        if monotonic() - self.tried < AGAIN:
            return
        connection = self.stack.enter_context(connected())
        self.channel = connection.channel()
        queue = declare(self.channel, self.name)
        # Leftovers would stand before what is new; the log has them.
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
            log.warning("%s: a message that is no event of ours: %r", self.name, error)

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
    """Whether there is this event; a stranger may have made it up, or a backup may be back in which
    it did not happen. What the relay publishes is settled, and so is all before it."""
    rows = rows_between(position - 1, position)
    return bool(rows) and rows[0][1] == event_id
