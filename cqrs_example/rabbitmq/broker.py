"""A connection to RabbitMQ, and the exchange and queues, which the first to connect declares."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

import amqp
from django.conf import settings

PATIENCE = 2.0  # seconds for an answer; heartbeats find a connection that has silently gone
BROKEN = (OSError, amqp.exceptions.AMQPError)

# The log has what does not fit, so a worker that is down cannot fill the broker's disk. No
# `x-delivery-limit`: RabbitMQ 3 and 4 read it differently, and both lose messages by it.
QUEUE = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    "x-max-length": 100_000,
    "x-overflow": "drop-head",
}


def exchange() -> str:
    """The topic exchange; our queues are named after it."""
    return getattr(settings, "BROKER_EXCHANGE", "events")


@contextmanager
def connected() -> Generator[amqp.Connection, None, None]:
    """A connection by `settings.BROKER_URL`, with the exchange; raises one of `BROKEN`."""
    url = urlsplit(str(settings.BROKER_URL))
    connection = amqp.Connection(
        host=f"{url.hostname}:{url.port or 5672}",
        userid=unquote(url.username or "guest"),
        password=unquote(url.password or "guest"),
        login_method="PLAIN",
        virtual_host=unquote(url.path[1:]) or "/",
        ssl=url.scheme == "amqps",
        connect_timeout=2,
        heartbeat=10,
    )
    try:
        try:
            connection.connect()
        except OSError as error:
            # One sentence, whatever it is this time: what is the same as before is logged once.
            raise ConnectionError(f"RabbitMQ does not answer at {connection.host}.") from error
        # Of its own, the client would wait for ever for a broker that does not answer.
        connection.transport.sock.settimeout(PATIENCE)
        channel = connection.channel()
        channel.exchange_declare(exchange(), "topic", durable=True, auto_delete=False)
        yield connection
    finally:
        with suppress(*BROKEN):
            connection.collect()


def declare(channel: amqp.Channel, name: str) -> str:
    """The queue of a subscription. It is bound to everything, because each message says which one
    comes before it; the worker leaves out what its subscription does not hear."""
    queue = f"{exchange()}.{name}"
    channel.queue_declare(queue, durable=True, auto_delete=False, arguments=QUEUE)
    channel.queue_bind(queue, exchange(), "#")
    return queue


def keep_alive(connection: amqp.Connection, seconds: float) -> None:
    """Take what comes within some seconds. If nothing comes, send a heartbeat if it is time; raises
    when too many of the broker's are missing."""
    try:
        connection.drain_events(timeout=seconds)
    except TimeoutError:
        connection.heartbeat_tick()
