"""The relay: one more follower of the log, which publishes what comes."""

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event
from time import monotonic
from typing import Any

import amqp
from django.conf import settings
from django.utils import timezone

from ..eventstore import settled_position
from ..subscriptions.checkpoints import move, stands_still
from ..subscriptions.following import Read, Row, from_log
from ..subscriptions.models import Checkpoint
from .broker import connected, declare, exchange, keep_alive
from .envelope import message, routing_key

log = logging.getLogger(__name__)
NAME = "relay"
CONFIRMED = 5  # seconds until a batch must have been


class NotConfirmed(Exception):
    """The broker did not take what was published; the message says why. It is published again."""


def begin() -> None:
    """Give the relay a checkpoint, where the log ends, if it has none. `manage.py subscriptions
    reset relay --to 0` publishes everything there is, again."""
    start = {"kind": "relay", "position": settled_position(), "moved_at": timezone.now()}
    Checkpoint.objects.get_or_create(name=NAME, defaults=start)


class Relay:
    """A source and a step for `subscriptions.working.run`, which share a channel. When `stopping`
    is set it waits no longer for a broker that blocks publishers."""

    def __init__(self, stopping: Event) -> None:
        self.stopping = stopping

    @contextmanager
    def source(self, name: str) -> Generator[Read, None, None]:
        """The log; while nothing happens there, the connection to the broker is kept alive."""
        with from_log(name) as read_log, connected() as self.connection:
            self.channel = self.connection.channel()
            for subscription in settings.SUBSCRIPTIONS:
                declare(self.channel, subscription)
            self.channel.confirm_select()
            self.channel.events["basic_ack"].add(self._confirmed)
            self.channel.events["basic_nack"].add(self._refused)
            self.channel.events["basic_return"].add(_returned)
            self.connection.on_blocked = partial(self._block, True)
            self.connection.on_unblocked = partial(self._block, False)
            self.sent, self.blocked = 0, False

            def read(after: int) -> Sequence[Row]:
                if not (rows := read_log(after)):
                    keep_alive(self.connection, 0.001)
                return rows

            yield read

    def step(self, name: str, after: int, rows: Sequence[Row]) -> None:
        """Publish in the log's order; move on when the broker has confirmed all of it."""
        self.waiting = set(range(self.sent + 1, self.sent + len(rows) + 1))
        self.sent += len(rows)
        positions = [after, *(row[0] for row in rows)]
        for row, previous in zip(rows, positions[:-1], strict=True):
            place = {"exchange": exchange(), "routing_key": routing_key(row)}
            self.channel.basic_publish(message(row, previous), mandatory=True, **place)
        if self._wait():
            move(name, after, positions[-1])

    def _wait(self) -> bool:
        """Whether all of it was confirmed; False: the relay ends, and the next publishes it again.
        Raises `NotConfirmed`."""
        end = monotonic() + CONFIRMED
        while self.waiting:
            keep_alive(self.connection, 1.0)
            if self.blocked and self.stopping.is_set():
                return False
            if not self.waiting or monotonic() < end:
                continue
            sentence = f"RabbitMQ has not confirmed {len(self.waiting)} messages in {CONFIRMED} s"
            if not self.blocked:
                raise NotConfirmed(f"{sentence}: it may be overloaded.")
            # It reads nothing, not even that a connection has ended: each new one would stay with
            # it. So this one waits; heartbeats tell whether the broker is still there.
            stands_still(NAME, f"{sentence}, because it is short of memory or disk.")
            end = monotonic() + CONFIRMED
        return True

    def _block(self, blocked: bool, *reason: str) -> None:
        self.blocked = blocked

    def _confirmed(self, tag: int, multiple: bool) -> None:
        # In any order, and several at once.
        self.waiting -= {one for one in self.waiting if one <= tag} if multiple else {tag}

    def _refused(self, tag: int, multiple: bool) -> None:
        raise NotConfirmed("RabbitMQ refuses what is published: does a queue there not work?")


def _returned(error: amqp.AMQPError, *place: Any) -> None:
    log.warning("no queue takes what is published: workers read it in the log")
