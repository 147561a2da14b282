"""For workers in processes of their own: a policy that does nothing about most events, gated."""

from .subscribing_settings import *  # noqa: F403

POLICIES = {"note": "tests.subscribing_gated.note_even"}
SUBSCRIPTIONS = ["note"]
