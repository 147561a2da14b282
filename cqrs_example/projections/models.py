from __future__ import annotations

from datetime import datetime

from django.db import models


class Run(models.Model):
    """A rebuild, verification or sealing that has ended: people see when the last one was."""

    projection: models.TextField[str, str] = models.TextField(blank=True)  # empty: the log itself
    action: models.TextField[str, str] = models.TextField()  # "rebuild", "verify" or "seal"
    started_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    finished_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)
    succeeded: models.BooleanField[bool, bool] = models.BooleanField()
    result: models.TextField[str, str] = models.TextField()

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["projection", "action", "-finished_at"], name="projections_run_last"
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.projection or 'the log'}: {self.result}"


class Seal(models.Model):
    """The digest of a range of the log, which begins after the previous seal's position."""

    upto: models.BigIntegerField[int, int] = models.BigIntegerField(primary_key=True)
    events: models.IntegerField[int, int] = models.IntegerField()
    previous: models.TextField[str, str] = models.TextField(blank=True)  # empty: it is the first
    digest: models.TextField[str, str] = models.TextField()
    sealed_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("upto",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"up to position {self.upto}: {self.digest}"
