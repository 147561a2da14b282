from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models


class Checkpoint(models.Model):
    """How far a subscription has heard.

    If a subscription has a row, a worker delivers to it; otherwise the transaction of each command
    does (see `switching`).

    kind      "projection", "policy", or "relay", which passes events on to a broker
    position  the subscription has heard of all events up to this one
    trouble   a sentence that says why it stands still; empty if it goes on
    """

    name: models.TextField[str, str] = models.TextField(primary_key=True)
    kind: models.TextField[str, str] = models.TextField()
    position: models.BigIntegerField[int, int] = models.BigIntegerField()
    moved_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    trouble: models.TextField[str, str] = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.name} at position {self.position}"


class Parked(models.Model):
    """An event of which a policy has not heard yet, although its checkpoint is behind the event.

    The policy failed on it, and `trouble` says how. Or, without `trouble`, the event waits behind
    an earlier one of its stream that is parked.
    """

    subscription: models.TextField[str, str] = models.TextField()
    stream: models.TextField[str, str] = models.TextField(db_collation="C")
    position: models.BigIntegerField[int, int] = models.BigIntegerField()
    event_id: models.UUIDField[UUID, UUID] = models.UUIDField()
    trouble: models.TextField[str, str] = models.TextField(blank=True)
    parked_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ("view",)
        unique_together = [("subscription", "stream", "position")]

    def __str__(self) -> str:
        return f"{self.subscription}: event {self.event_id}"
