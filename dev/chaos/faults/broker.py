"""What can befall the broker, and whoever publishes and hears."""

import signal
import time

import amqp

from dev.chaos.following import RELAY, WORKER, FollowingHarness
from dev.chaos.proxy import Mode


def relay_killed(harness: FollowingHarness) -> int:
    """SIGKILL to a relay, ten times, while another stands by."""
    return _killed(harness, RELAY)


def subscribers_killed(harness: FollowingHarness) -> int:
    """SIGKILL to a process of workers, ten times, while another stands by."""
    return _killed(harness, WORKER)


def subscribers_terminated(harness: FollowingHarness) -> int:
    """SIGTERM to relays and workers, three times each."""
    for _ in harness.load.turns(3, commands=30):
        harness.end(RELAY, signal.SIGTERM)
        harness.end(WORKER, signal.SIGTERM)
    return 0


def broker_killed(harness: FollowingHarness) -> int:
    """SIGKILL to RabbitMQ; then it is started again."""
    harness.rabbit.kill()
    harness.load.wait_for(50, after=time.monotonic())
    harness.rabbit.start()
    return 1


def broker_restarted(harness: FollowingHarness) -> int:
    """SIGTERM to RabbitMQ; then it is started again."""
    harness.rabbit.stop()
    harness.rabbit.start()
    return 0


def broker_wiped(harness: FollowingHarness) -> int:
    """SIGKILL to RabbitMQ; all its data are deleted, and an empty one is started."""
    harness.rabbit.kill()
    harness.rabbit.wipe()
    harness.load.wait_for(50, after=time.monotonic())
    harness.rabbit.start()
    return 1


def broker_out_of_memory(harness: FollowingHarness) -> int:
    """A memory alarm of RabbitMQ, for a hundred commands: publishers are blocked."""
    return _blocked(harness, "memory")


def broker_out_of_disk(harness: FollowingHarness) -> int:
    """A disk alarm of RabbitMQ, for a hundred commands: publishers are blocked."""
    return _blocked(harness, "disk")


def broker_connections_cut(harness: FollowingHarness) -> int:
    """Every connection to RabbitMQ is cut, ten times."""
    for _ in harness.load.turns(10, commands=20):
        harness.wire.cut()
    return 0


def broker_black_hole(harness: FollowingHarness) -> int:
    """What is sent to RabbitMQ and by it goes nowhere, for a hundred commands."""
    harness.wire.mode = Mode.DEAD
    harness.load.wait_for(100, after=time.monotonic())
    harness.wire.mode = Mode.PASS
    return 0


def queues_deleted(harness: FollowingHarness) -> int:
    """All queues are deleted, ten times."""
    for _ in harness.load.turns(10, commands=20):
        with amqp.Connection(f"127.0.0.1:{harness.rabbit.port}") as connection:
            channel = connection.channel()
            for (name,) in harness.database.ask("SELECT name FROM subscriptions_checkpoint"):
                channel.queue_delete(f"events.{name}")
    return 0


def _killed(harness: FollowingHarness, name: str) -> int:
    for _ in harness.load.turns(10, commands=20):
        harness.end(name, signal.SIGKILL)
    return 10


def _blocked(harness: FollowingHarness, resource: str) -> int:
    harness.rabbit.block(resource)
    harness.load.wait_for(100, after=time.monotonic())
    harness.rabbit.unblock(resource)
    return 0


FAULTS = (
    relay_killed,
    subscribers_killed,
    subscribers_terminated,
    broker_killed,
    broker_restarted,
    broker_wiped,
    broker_out_of_memory,
    broker_out_of_disk,
    broker_connections_cut,
    broker_black_hole,
    queues_deleted,
)
