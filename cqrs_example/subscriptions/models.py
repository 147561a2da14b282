from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models


class Checkpoint(models.Model):
    """How far a subscription has heard. That there is a row says that a worker delivers to it, and
    not the transaction of a command: see `switching`.

    kind      "projection", "policy", or "relay": a follower that hears nothing itself
    position  it has heard everything up to here, in the log's order
    trouble   what it stands still for, in a sentence; empty: it goes on
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
    """An event that a policy has still to hear: it could not deal with it (`trouble`), or has still
    to deal with an earlier one of the same stream (no trouble)."""

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
