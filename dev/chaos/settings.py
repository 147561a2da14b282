"""The application as it is, with places where the harness can make it fail."""

from cqrs_example.settings.persisted_sync import *  # noqa: F403
from cqrs_example.settings.persisted_sync import MIDDLEWARE, PROJECTIONS

MIDDLEWARE = ["dev.chaos.failpoints.after_commit", *MIDDLEWARE]
PROJECTIONS = {"failpoints": "dev.chaos.failpoints", **PROJECTIONS}
