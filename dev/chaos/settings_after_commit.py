"""The application whose projections and policies hear after the commit, through the broker."""

from cqrs_example.settings.persisted_async import *  # noqa: F403
