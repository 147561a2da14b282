from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models


class PersonKey(models.Model):
    """The key of a person, or when it was deleted. Who reads this table can read the data."""

    person: models.TextField[str, str] = models.TextField(primary_key=True)
    key: models.BinaryField[bytes | None, bytes | None] = models.BinaryField(null=True)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)
    forgotten_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True
    )

    objects: ClassVar[models.Manager[PersonKey]] = models.Manager()

    class Meta:
        app_label = "privacy"
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(key__isnull=True) ^ models.Q(forgotten_at__isnull=True),
                name="privacy_key_or_forgotten",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {'forgotten' if self.forgotten_at else 'known'}"
