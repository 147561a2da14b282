"""Tokens: 256 random bits each, so that a plain digest keeps them as well as a slow one would."""

import secrets
from hashlib import sha256

from django.contrib.auth.models import User

from .models import Token


def create_token(name: str, account: User) -> str:
    """A new token; what is returned is shown to its owner now and can never be read again."""
    secret = secrets.token_urlsafe(32)
    Token.objects.create(name=name, account=account, digest=_digest(secret))
    return secret


def account_of(secret: str) -> User | None:
    """Whose token this is; None when it is nobody's, was revoked, or the account is not active."""
    found = Token.objects.select_related("account").filter(digest=_digest(secret))
    return next((token.account for token in found if token.account.is_active), None)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
