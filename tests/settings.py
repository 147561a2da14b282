"""The application as it is, but passwords cost nothing: else each login takes half a second."""

from cqrs_example.settings.persisted_sync import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
