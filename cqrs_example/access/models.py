from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.timezone import now

DAYS = 365  # how long a token is valid, unless it is made for another time


def in_a_year() -> datetime:
    return now() + timedelta(days=DAYS)


class Token(models.Model):
    """A token that a program sends instead of a password, and which acts as its account.

    The table has only its digest, so nobody who reads the table can send it. It expires, since
    nobody revokes the token of a program that is forgotten. To revoke a token, delete its row.
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
