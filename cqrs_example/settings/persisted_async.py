"""Projections and policies hear after the commit, in workers (`manage.py run_subscriptions`)."""

from .base import *  # noqa: F403
from .wiring import POLICIES, PROJECTIONS

SUBSCRIPTIONS = [*PROJECTIONS, *POLICIES]
