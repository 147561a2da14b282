"""How far a read model has heard, if a worker and not the transaction delivers to it."""

from django.apps import apps

from ..eventstore.log import END
from .tables import Unreplayable


def checkpoint(name: str, *, held: bool = False) -> int | None:
    """The position of the projection's checkpoint, or None if it has none.

    Without a checkpoint each command delivers in its own transaction, so that the read model is
    never behind the log. With `held`, the worker waits until this transaction ends.
    """
    if "subscriptions" not in apps.app_configs:  # this block works without that one
        return None
    found = apps.get_model("subscriptions", "Checkpoint")._default_manager.filter(name=name)
    rows = found.select_for_update() if held else found
    position: int | None = rows.values_list("position", flat=True).first()
    return position


def reached(name: str, position: int, *, held: bool = False) -> int:
    """The position up to which a replay has to go, so that it ends where the read model is.

    `position` is how far the replay is. Raises `Unreplayable` if the checkpoint is before it, which
    means that somebody put the checkpoint back.
    """
    upto = checkpoint(name, held=held)
    if upto is not None and upto < position:
        raise Unreplayable(
            f"The checkpoint was put back to position {upto} meanwhile. Nothing was changed; try"
            " again."
        )
    return END if upto is None else upto
