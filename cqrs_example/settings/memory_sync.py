"""As `persisted_sync`, on a Postgres that lies in memory and is gone with the application."""

import os

from .base import *  # noqa: F403
from .environment import database, embedded_url

if not os.environ.get("DATABASE_URL"):
    DATABASES = {"default": database(embedded_url("memory_sync.url"), "dev.embedded")}

DURABLE = False
NOTICE = "Everything here is kept in memory, and is gone when the application stops."

# Where nothing is kept, a password that takes long to guess from its hash only delays the start.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
