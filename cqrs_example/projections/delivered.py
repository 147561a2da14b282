"""How far a read model has heard, where a worker delivers to it and not the transaction."""

from django.apps import apps

from ..eventstore.log import END
from .tables import Unreplayable


def checkpoint(name: str, *, held: bool = False) -> int | None:
    """The position of the projection's checkpoint; `held`: its worker waits until the transaction
    ends. None: each command delivers in its own transaction, so the read model is where the log is.
    """
    if "subscriptions" not in apps.app_configs:  # this block works without that one
        return None
    found = apps.get_model("subscriptions", "Checkpoint")._default_manager.filter(name=name)
    rows = found.select_for_update() if held else found
    position: int | None = rows.values_list("position", flat=True).first()
    return position


def reached(name: str, position: int, *, held: bool = False) -> int:
    """Up to where a replay that has come to a position must go on, to be where the read model is;
    raises `Unreplayable` where that is behind it: somebody put the checkpoint back."""
    upto = checkpoint(name, held=held)
    if upto is not None and upto < position:
        raise Unreplayable(
            f"The checkpoint was put back to position {upto} meanwhile. Nothing was changed; try"
            " again."
        )
    return END if upto is None else upto
