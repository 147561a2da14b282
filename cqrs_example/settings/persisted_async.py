"""Projections and policies hear after the commit, in workers (`manage.py run_subscriptions`)."""

import os

from .base import *  # noqa: F403
from .base import BROKER_URL
from .wiring import INSTALLED_APPS, POLICIES, PROJECTIONS

SUBSCRIPTIONS = [*PROJECTIONS, *POLICIES]

# Without a broker the workers follow the log. With one they wait at queues, which `manage.py relay`
# fills.
if BROKER_URL:
    INSTALLED_APPS = [*INSTALLED_APPS, "cqrs_example.rabbitmq"]
    SUBSCRIPTION_SOURCE = "cqrs_example.rabbitmq.source.from_queue"
    BROKER_EXCHANGE = os.environ.get("BROKER_EXCHANGE", "events")
    # The metadata that other programs get: some of "command", "actor", "request", "policy".
    MESSAGE_METADATA: list[str] = []
