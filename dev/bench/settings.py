"""The application as it is, and beside it the views that it is compared with."""

from cqrs_example.settings.persisted_sync import *  # noqa: F403

ROOT_URLCONF = "dev.bench.urls"
