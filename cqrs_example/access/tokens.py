"""Tokens: 256 random bits each, so that a plain digest keeps them as well as a slow one would."""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.utils.timezone import now

from .models import DAYS, Token


def create_token(name: str, account: Any, days: int = DAYS) -> str:
    """A new token for so many days; what is returned is shown to its owner now and can never be
    read again."""
    secret = secrets.token_urlsafe(32)
    expires_at = now() + timedelta(days=days)
    Token.objects.create(name=name, account=account, digest=_digest(secret), expires_at=expires_at)
    return secret


def account_of(secret: str) -> Any:
    """Whose token this is; None when it is nobody's, was revoked or has expired, or the account is
    not active."""
    known = Token.objects.select_related("account")
    found = known.filter(digest=_digest(secret), expires_at__gt=now())
    return next((token.account for token in found if token.account.is_active), None)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
