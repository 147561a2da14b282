"""Connect to RabbitMQ, and declare the exchange and the queues there."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

import amqp
from django.conf import settings

PATIENCE = 2.0  # seconds to wait for an answer of the broker
BROKEN = (OSError, amqp.exceptions.AMQPError)

# A full queue drops its oldest message, whose event the log has: otherwise a worker that is down
# could fill the broker's disk. There is no `x-delivery-limit`: RabbitMQ 3 and 4 read it
# differently, and both would drop messages because of it.
QUEUE = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    "x-max-length": 100_000,
    "x-overflow": "drop-head",
}


def exchange() -> str:
    """The name of the topic exchange; the names of our queues begin with it."""
    return getattr(settings, "BROKER_EXCHANGE", "events")


@contextmanager
def connected() -> Generator[amqp.Connection, None, None]:
    """A connection to the broker at `settings.BROKER_URL`, with the exchange declared.

    Raises one of `BROKEN`; `ConnectionError` if the broker does not answer.
    """
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
            # Always the same sentence, whatever the system says: callers log a repeated one once.
            raise ConnectionError(f"RabbitMQ does not answer at {connection.host}.") from error
        # Without a timeout the client would wait for ever for a broker that does not answer.
        connection.transport.sock.settimeout(PATIENCE)
        connection.channel().exchange_declare(exchange(), "topic", durable=True, auto_delete=False)
        yield connection
    finally:
        with suppress(*BROKEN):
            connection.collect()


def declare(channel: amqp.Channel, name: str) -> str:
    """Declare the queue of a subscription, and return its name.

    The queue gets all events, since a message tells a worker to read the log up to its position.
    The worker leaves out events that the subscription does not hear.
    """
    queue = f"{exchange()}.{name}"
    channel.queue_declare(queue, durable=True, auto_delete=False, arguments=QUEUE)
    channel.queue_bind(queue, exchange(), "#")
    return queue


def keep_alive(connection: amqp.Connection, seconds: float) -> None:
    """Handle what the broker sends within some seconds. If it sends nothing, see to heartbeats.

    Raises an error if too many heartbeats of the broker are missing.
    """
    try:
        connection.drain_events(timeout=seconds)
    except TimeoutError:
        connection.heartbeat_tick()
