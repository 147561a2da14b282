"""The projection of `subscribing`, which waits where the test says before it is done."""

from collections.abc import Sequence

from django.db import connection

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import Transaction

from . import subscribing
from .subscribing import MODELS as MODELS
from .subscribing import Added, Note, Noted, handle_note


def project(events: Sequence[RecordedEvent[Added]]) -> None:
    subscribing.project(events)
    wait_at_the_gate()


def note_even(tx: Transaction, event: RecordedEvent[Added]) -> Sequence[RecordedEvent[Noted]]:
    """Does nothing about odd numbers; waits from 100 on."""
    if event.data.number >= 100:
        wait_at_the_gate()
    if event.data.number % 2:
        return []
    return tx.execute(handle_note, Note(event.stream, event.data.number))


def wait_at_the_gate() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(4242)")
