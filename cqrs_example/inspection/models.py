from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models


class RefusedCommand(models.Model):
    """A command that was refused or that failed, so that it left no event in the log."""

    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
    kind: models.TextField[str, str] = models.TextField()
    command: models.TextField[str, str] = models.TextField()
    fields = models.JSONField()
    reason: models.TextField[str, str] = models.TextField()
    actor: models.TextField[str, str] = models.TextField()
    command_id: models.UUIDField[UUID, UUID] = models.UUIDField()
    correlation_id: models.UUIDField[UUID, UUID] = models.UUIDField(db_index=True)

    class Meta:
        verbose_name = "refused command"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.command}, {self.kind}: {self.reason}"


class HandlerTiming(models.Model):
    """How long a projection or a policy took to handle some events, or how long COMMIT took.

    `correlation_id` is empty if the events have several.
    """

    at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    handler: models.TextField[str, str] = models.TextField()
    correlation_id: models.UUIDField[UUID | None, UUID | None] = models.UUIDField(
        null=True, db_index=True
    )
    first: models.BigIntegerField[int, int] = models.BigIntegerField()  # positions
    last: models.BigIntegerField[int, int] = models.BigIntegerField()
    events: models.IntegerField[int, int] = models.IntegerField()
    microseconds: models.BigIntegerField[int, int] = models.BigIntegerField()
    statements: models.IntegerField[int, int] = models.IntegerField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["handler", "last"], name="inspection_timing_heard")]

    def __str__(self) -> str:
        return f"{self.handler}: {self.microseconds} µs"
