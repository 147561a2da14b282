"""Up to where a replay may go."""

from ..operations.waiting import settled_and_told
from .delivered import checkpoint


def settle(name: str) -> int:
    """Up to where a read model has heard and the log is settled: its checkpoint, or where the
    transactions deliver, the settled position."""
    heard = checkpoint(name)
    return settled_and_told(name) if heard is None else heard
