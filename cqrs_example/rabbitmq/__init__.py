"""RabbitMQ between the log and subscriptions: a relay publishes events, and queues feed workers.

    manage.py relay                 # with settings.BROKER_URL = "amqp://user:password@host:5672/"

The broker is only transport: the log has the events, and checkpoints say which were heard. So no
event is lost or heard twice, even if the broker is away, loses all messages, or delivers them late
or twice.
"""

VERSION = "2"
