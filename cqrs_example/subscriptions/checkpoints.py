"""Checkpoints: read, moved and, where nothing goes on, given a sentence that says why."""

from django.db import connection

from .models import Checkpoint

# Nobody moves it who believed it elsewhere: a rebuild, a reset or another worker came first. Two
# that try at once queue for the row, and the second one finds it moved.
MOVE = """
    UPDATE subscriptions_checkpoint
    SET position = %s, moved_at = clock_timestamp(), trouble = ''
    WHERE name = %s AND position = %s
"""


class NoSubscription(Exception):
    """No checkpoint has this name: the transaction of the command delivers."""


def position_of(name: str) -> int:
    """Up to which position a subscription has heard; raises `NoSubscription`."""
    found = Checkpoint.objects.filter(name=name).values_list("position", flat=True).first()
    if found is None:
        raise NoSubscription(
            f"{name} has no checkpoint: it is delivered to in the transaction. Run"
            " `manage.py subscriptions switch` when SUBSCRIPTIONS has changed."
        )
    return found


def move(name: str, after: int, upto: int) -> bool:
    """Move a checkpoint in the open transaction, before what belongs to it; False: it is not at
    `after` any more, and there is nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [upto, name, after])
        return bool(cursor.rowcount)


def stands_still(name: str, sentence: str) -> None:
    """Keep what a subscription stands still for; "" when it goes on."""
    Checkpoint.objects.filter(name=name).exclude(trouble=sentence).update(trouble=sentence)
