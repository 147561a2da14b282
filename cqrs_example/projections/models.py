from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from django.db import models
from django.utils import timezone

LONGEST = 20_000  # characters of the lines that are kept


class Outcome(Protocol):
    @property
    def sentence(self) -> str: ...
    @property
    def findings(self) -> Sequence[str]: ...


class Run(models.Model):
    """A rebuild, verification or sealing. A command makes its row when it has ended; a run that a
    page has started has its row from the beginning."""

    projection: models.TextField[str, str] = models.TextField(blank=True)  # empty: the log itself
    action: models.TextField[str, str] = models.TextField()  # "rebuild", "verify" or "seal"
    started_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    # Empty, as `succeeded` is: it is at work, or its process was killed.
    finished_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True
    )
    succeeded: models.BooleanField[bool | None, bool | None] = models.BooleanField(null=True)
    result: models.TextField[str, str] = models.TextField(blank=True)
    # With defaults in the database: code that does not know them yet writes rows as well.
    started_by: models.TextField[str, str] = models.TextField(blank=True, db_default="")
    progress: models.TextField[str, str] = models.TextField(blank=True, db_default="")
    lines: models.TextField[str, str] = models.TextField(blank=True, db_default="")

    class Meta:
        default_permissions = ("view",)
        permissions = [("start_run", "Can start a rebuild or a verification")]
        constraints = [
            models.UniqueConstraint(
                fields=["projection"],
                condition=models.Q(finished_at=None),
                name="projections_run_alone",
            )
        ]
        indexes = [
            models.Index(
                fields=["projection", "action", "-finished_at"], name="projections_run_last"
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.projection or 'the log'}: {self.result or 'no end yet'}"

    @staticmethod
    def outcome_of(result: Outcome) -> dict[str, Any]:
        """The columns that say how it ended."""
        return {
            "finished_at": timezone.now(),
            "succeeded": not result.findings,
            "result": " ".join([result.sentence, *result.findings[:1]]),
            "lines": "\n".join(result.findings)[:LONGEST],
        }


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
