"""As `persisted_sync`, with a Postgres in memory that ends with the application."""

import os

from .base import *  # noqa: F403
from .environment import database, embedded_url

if not os.environ.get("DATABASE_URL"):
    DATABASES = {"default": database(embedded_url("memory_sync.url"), "dev.embedded")}

DURABLE = False
NOTICE = "Everything here is kept in memory, and is gone when the application stops."

# A slow hash of passwords would only delay the start: nothing is kept that could be stolen.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
