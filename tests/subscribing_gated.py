"""The projection of `subscribing`, which waits where the test says before it is done."""

from collections.abc import Sequence

from django.db import connection

from cqrs_example.eventstore import RecordedEvent

from . import subscribing
from .subscribing import MODELS as MODELS
from .subscribing import Added


def project(events: Sequence[RecordedEvent[Added]]) -> None:
    subscribing.project(events)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(4242)")
