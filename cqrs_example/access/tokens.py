"""Tokens for programs.

A token has 256 random bits, which nobody can guess from its digest. So the digest need not be slow,
as those of passwords are.
"""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.utils.timezone import now

from .models import DAYS, Token


def create_token(name: str, account: Any, days: int = DAYS) -> str:
    """Make a token and return its text, which nobody can read again: only its digest is kept."""
    secret = secrets.token_urlsafe(32)
    expires_at = now() + timedelta(days=days)
    Token.objects.create(name=name, account=account, digest=_digest(secret), expires_at=expires_at)
    return secret


def account_of(secret: str) -> Any:
    """The account of the token with this text.

    None for an unknown, revoked or expired token, and for an account that is not active.
    """
    tokens = Token.objects.select_related("account")
    valid = tokens.filter(digest=_digest(secret), expires_at__gt=now())
    return next((token.account for token in valid if token.account.is_active), None)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
