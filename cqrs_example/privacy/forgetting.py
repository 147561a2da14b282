"""Forgetting a person: the key first, then every read model that hears of it."""

from dataclasses import dataclass

from django.db.models.functions import Now

from ..eventstore import RecordedEvent, settled_position
from ..messaging import Context, Transaction, execute
from .events import PersonForgotten, person_stream
from .models import PersonKey


@dataclass(frozen=True)
class ForgetPerson:
    person: str


def forget(person: str, context: Context | None = None) -> bool:
    """Destroy the key of a person, and record `PersonForgotten`; whether there was anything new.

    Raises `LookupError` when nothing was ever sealed for this person. If it is interrupted, call it
    again.
    """
    rows = PersonKey.objects.filter(person=person)
    if not rows.exists():
        raise LookupError(f"There is no key of {person!r}: nothing was sealed for this person.")
    rows.filter(key__isnull=False).update(key=None, forgotten_at=Now())
    # A command may have read the key before, and write clear text into a read model that it has not
    # committed yet: the event must come after it, or nobody would erase that row again.
    settled_position()
    return bool(execute(handle, ForgetPerson(person), context))


def handle(tx: Transaction, command: ForgetPerson) -> list[RecordedEvent[PersonForgotten]]:
    [stream] = tx.lock(person_stream(command.person))
    return [] if stream.version else tx.append(stream, [PersonForgotten(command.person)])
