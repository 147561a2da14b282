from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.timezone import now

DAYS = 365  # that a token is good for, unless it is made for fewer


def in_a_year() -> datetime:
    return now() + timedelta(days=DAYS)


class Token(models.Model):
    """What a program sends instead of a password; it may do what its account may.

    Only the digest is kept: who reads the table cannot send anything. It expires, because a program
    that has gone does not say so. To revoke it, delete it.
    """

    name: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    account: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE
    )
    digest: models.CharField[str, str] = models.CharField(
        max_length=64, unique=True, editable=False
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=in_a_year)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
