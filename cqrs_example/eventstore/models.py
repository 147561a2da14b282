from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models


class StoredEvent(models.Model):
    """A row of the log, to read it through the ORM. Only `append` writes rows."""

    position: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    event_id: models.UUIDField[UUID, UUID] = models.UUIDField(db_column="id")
    stream: models.TextField[str, str] = models.TextField(db_collation="C")
    version: models.IntegerField[int, int] = models.IntegerField()
    type: models.TextField[str, str] = models.TextField()
    schema_version: models.IntegerField[int, int] = models.IntegerField()
    data = models.JSONField()
    correlation_id: models.UUIDField[UUID, UUID] = models.UUIDField(db_index=True)
    causation_id: models.UUIDField[UUID, UUID] = models.UUIDField(db_index=True)
    metadata = models.JSONField()
    recorded_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    occurred_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        db_table = "eventstore_event"
        verbose_name = "event"
        default_permissions = ("view",)
        indexes = [models.Index(fields=["type", "position"], name="eventstore_event_type")]
        constraints = [
            models.UniqueConstraint(fields=["event_id"], name="eventstore_event_id"),
            models.UniqueConstraint(fields=["stream", "version"], name="eventstore_version"),
        ]

    def __str__(self) -> str:
        return f"#{self.position} {self.type}"
