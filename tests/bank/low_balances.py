"""The projection of what has to be warned of, by the ORM."""

from collections.abc import Sequence

from cqrs_example.eventstore import RecordedEvent

from .commands import LOW
from .events import WarnedOfLowBalance, Withdrawn
from .models import LowBalance

MODELS = [LowBalance]


def project(events: Sequence[RecordedEvent[Withdrawn | WarnedOfLowBalance]]) -> None:
    opened, closed = [], []
    for event in events:
        match event.data:
            case Withdrawn(account=account, balance=left):
                row = LowBalance(withdrawal=event.id, account=account, amount=left)
                row.requested_at = event.recorded_at
                opened += [row] if left <= LOW else []
            case WarnedOfLowBalance():
                row = LowBalance(withdrawal=event.causation_id, warned_at=event.recorded_at)
                closed.append(row)
    LowBalance.objects.bulk_create(opened)
    LowBalance.objects.bulk_update(closed, ["warned_at"])
