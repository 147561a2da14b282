from django.db import models


class StoredEvent(models.Model):
    """A row of the log, for reading through the ORM. Only the event store writes; see `append`."""

    position = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(db_column="id")
    stream = models.TextField(db_collation="C")
    version = models.IntegerField()
    type = models.TextField()
    schema_version = models.IntegerField()
    data = models.JSONField()
    correlation_id = models.UUIDField(db_index=True)
    causation_id = models.UUIDField(db_index=True)
    metadata = models.JSONField()
    recorded_at = models.DateTimeField()
    occurred_at = models.DateTimeField()

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
