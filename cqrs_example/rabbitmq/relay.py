"""The relay: it follows the log as a worker does, and publishes each event."""

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
CONFIRMED = 5  # seconds in which the broker must confirm a batch


class NotConfirmed(Exception):
    """The broker did not confirm messages, which are published again; the sentence says why."""


def begin() -> None:
    """Give the relay a checkpoint at the end of the log, unless it has one.

    `manage.py subscriptions reset relay --to 0` makes it publish all events of the log again.
    """
    start = {"kind": "relay", "position": settled_position(), "moved_at": timezone.now()}
    Checkpoint.objects.get_or_create(name=NAME, defaults=start)


class Relay:
    """A source and a step for `subscriptions.working.run`, which share a channel of the broker.

    When `stopping` is set, it waits no longer for a broker that blocks publishers.
    """

    def __init__(self, stopping: Event) -> None:
        self.stopping = stopping

    @contextmanager
    def source(self, name: str) -> Generator[Read, None, None]:
        """A source that reads the log, and keeps the connection to the broker alive meanwhile."""
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
        """Publish rows in their order; move the checkpoint when the broker has confirmed all."""
        self.waiting = set(range(self.sent + 1, self.sent + len(rows) + 1))
        self.sent += len(rows)
        positions = [after, *(row[0] for row in rows)]
        for row, previous in zip(rows, positions[:-1], strict=True):
            place = {"exchange": exchange(), "routing_key": routing_key(row)}
            self.channel.basic_publish(message(row, previous), mandatory=True, **place)
        if self._wait():
            move(name, after, positions[-1])

    def _wait(self) -> bool:
        """Wait for the confirmation of all messages; returns whether it came.

        It did not if the relay has to end before: the next relay publishes these messages again.
        Raises `NotConfirmed`.
        """
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
            # A broker that blocks publishers reads nothing, not even that a connection has ended.
            # So new connections would pile up there. This one waits; heartbeats show whether the
            # broker is still there.
            stands_still(NAME, f"{sentence}, because it is short of memory or disk.")
            end = monotonic() + CONFIRMED
        return True

    def _block(self, blocked: bool, *reason: str) -> None:
        self.blocked = blocked

    def _confirmed(self, tag: int, multiple: bool) -> None:
        # Confirmations come in any order, and one may be for all tags up to its own.
        self.waiting -= {sent for sent in self.waiting if sent <= tag} if multiple else {tag}

    def _refused(self, tag: int, multiple: bool) -> None:
        raise NotConfirmed("RabbitMQ refuses a message: perhaps one of its queues does not work.")


def _returned(error: amqp.AMQPError, *place: Any) -> None:
    log.warning("no queue takes a message: workers read its event in the log")
