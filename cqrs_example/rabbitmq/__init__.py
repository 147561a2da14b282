"""RabbitMQ between the log and its subscriptions: a relay that publishes, queues that feed workers.

    manage.py relay                 # with settings.BROKER_URL = "amqp://user:password@host:5672/"

It is transport. What is recorded is in the log, and what was heard is in the checkpoints; so the
broker can be away, lose everything, deliver twice or late, and nothing is lost or done twice.
"""

VERSION = "2"
