"""The settings with which every process of a run starts Django: as in production, without TLS."""

import os
import warnings
from typing import Any

ENVIRONMENT = {
    "DEBUG": "0",
    "HTTPS": "0",
    "OPEN_MODE": "1",
    "SECRET_KEY": "measured, and nothing else: " * 2,
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
    "DJANGO_SETTINGS_MODULE": "dev.bench.settings",
    "LOG_LEVEL": "ERROR",
    "BROKER_URL": "",
}
# The same after the commit: of a database that is switched to it (`Postgres.create_followed`).
FOLLOWED = {**ENVIRONMENT, "MODE": "persisted_async"}
IN_MEMORY = {**ENVIRONMENT, "MODE": "memory_sync"}


def set_up() -> Any:
    """Django, ready in this process."""
    os.environ.update(ENVIRONMENT)
    warnings.filterwarnings("ignore", "No directory at")
    import django  # only now that it knows its settings

    django.setup()
    return django
