"""Read checkpoints, move them, and keep why a subscription stands still."""

from django.db import transaction
from django.db.models.functions import Now

from ..eventstore import settled_position
from .models import Checkpoint, Parked


class NoSubscription(Exception):
    """There is no checkpoint of this name: the transaction of each command delivers."""


def position_of(name: str) -> int:
    """The position up to which a subscription has heard; raises `NoSubscription`."""
    for checkpoint in Checkpoint.objects.filter(name=name):
        return checkpoint.position
    raise NoSubscription(f"{name} has no checkpoint: the transaction of each command delivers.")


def move(name: str, after: int, upto: int) -> bool:
    """Move a checkpoint from one position to another; returns whether it was there.

    Call it first in the transaction that writes the effects of the events. If it returns False, a
    rebuild, a reset or another worker has moved the checkpoint, and the effects must not be
    written. Two workers that call it at once wait for the row, and the second gets False.
    """
    checkpoint = Checkpoint.objects.filter(name=name, position=after)
    return bool(checkpoint.update(position=upto, moved_at=Now(), trouble=""))


def reset(name: str, position: int) -> None:
    """Put a subscription to a position, so that it hears of the events after it.

    It will not hear of earlier events, not even of those that are parked. Raises `NoSubscription`,
    and `ValueError` for a position that the log has not reached.
    """
    position_of(name)
    last = settled_position()
    if not 0 <= position <= last:
        raise ValueError(f"The log has positions from 0 to {last}, but not {position}.")
    with transaction.atomic():
        Checkpoint.objects.filter(name=name).update(position=position, trouble="")
        Parked.objects.filter(subscription=name).delete()


def stands_still(name: str, sentence: str) -> None:
    """Keep the sentence that says why a subscription stands still, until it moves; "" if it does
    not."""
    Checkpoint.objects.filter(name=name).update(trouble=sentence)
