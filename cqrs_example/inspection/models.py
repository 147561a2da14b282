from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models


class RefusedCommand(models.Model):
    """A command that was refused, or that failed: it has left no event."""

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
