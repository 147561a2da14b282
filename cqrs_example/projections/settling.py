"""The position up to which a replay may go."""

from ..operations.waiting import settled_and_told
from .delivered import checkpoint


def settle(name: str) -> int:
    """The projection's checkpoint, or, if commands deliver in their transactions, the settled
    position of the log."""
    heard = checkpoint(name)
    return settled_and_told(name) if heard is None else heard
