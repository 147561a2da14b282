"""Checkpoints: read, moved and, where nothing goes on, given a sentence that says why."""

from django.db import transaction
from django.db.models.functions import Now

from ..eventstore import settled_position
from .models import Checkpoint, Parked


class NoSubscription(Exception):
    """No checkpoint has this name: the transaction of a command delivers."""


def position_of(name: str) -> int:
    """Up to which position a subscription has heard; raises `NoSubscription`."""
    for checkpoint in Checkpoint.objects.filter(name=name):
        return checkpoint.position
    raise NoSubscription(f"{name} has no checkpoint: the transaction of each command delivers.")


def move(name: str, after: int, upto: int) -> bool:
    """Move a checkpoint, before what belongs to that in the same transaction.

    False: it is not at `after` any more, and there is nothing to do. A rebuild, a reset or another
    worker came first: two that try at once queue for the row, and the second finds it moved.
    """
    checkpoint = Checkpoint.objects.filter(name=name, position=after)
    return bool(checkpoint.update(position=upto, moved_at=Now(), trouble=""))


def reset(name: str, position: int) -> None:
    """Put a subscription to a position: what comes after it is heard, and nothing before, parked
    events included. Raises `ValueError` for a position that is not in the log yet."""
    position_of(name)
    last = settled_position()
    if not 0 <= position <= last:
        raise ValueError(f"The log has positions from 0 to {last}, but not {position}.")
    with transaction.atomic():
        Checkpoint.objects.filter(name=name).update(position=position, trouble="")
        Parked.objects.filter(subscription=name).delete()


def stands_still(name: str, sentence: str) -> None:
    """Keep what a subscription stands still for, until it moves; "" if for nothing."""
    Checkpoint.objects.filter(name=name).update(trouble=sentence)
