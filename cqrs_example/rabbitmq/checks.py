"""`manage.py check` says what this block lacks."""

from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

from ..eventstore.checks import missing_apps

NO_LIBRARY = "The library amqp, which rabbitmq needs, is not installed: pip install amqp."
NO_BROKER = "settings.BROKER_URL must look like amqp://user:password@host:5672/ (or amqps)."


def check_rabbitmq(**kwargs: Any) -> list[CheckMessage]:
    """The blocks and the library that this block needs are installed, and BROKER_URL is a URL of
    AMQP."""
    found = [*missing_apps("rabbitmq", "eventstore", "messaging", "subscriptions")]
    if not find_spec("amqp"):
        found.append(Error(NO_LIBRARY, id="rabbitmq.E001"))
    if not _is_broker(getattr(settings, "BROKER_URL", "")):
        found.append(Error(NO_BROKER, id="rabbitmq.E002"))
    return found


def _is_broker(url: Any) -> bool:
    try:
        parts = urlsplit(str(url))
        return parts.scheme in ("amqp", "amqps") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
