"""Forget a person: delete the key, then let the read models know."""

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
    """Delete the key of a person and record `PersonForgotten`. Returns whether it was recorded now.

    Returns False if the person was forgotten before. Raises `LookupError` if nothing was ever
    sealed for this person. If it is interrupted, call it again.
    """
    rows = PersonKey.objects.filter(person=person)
    if not rows.exists():
        raise LookupError(f"There is no key of {person!r}: nothing was sealed for this person.")
    rows.filter(key__isnull=False).update(key=None, forgotten_at=Now())
    # A running command may have read the key, and may have written clear text into a read model
    # that is not committed yet. The event must come after it, or nothing would erase that row.
    settled_position()
    return bool(execute(handle, ForgetPerson(person), context))


def handle(tx: Transaction, command: ForgetPerson) -> list[RecordedEvent[PersonForgotten]]:
    [stream] = tx.lock(person_stream(command.person))
    return [] if stream.version else tx.append(stream, [PersonForgotten(command.person)])
