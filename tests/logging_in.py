"""Accounts, tokens and logins, on a server that asks for them as in production."""

from typing import Any

from django.contrib.auth.models import Permission, User

from cqrs_example.access.permissions import create_permissions
from cqrs_example.access.tokens import create_token

from .browsing import Browser
from .serving import Answer

PASSWORD = "correct horse battery staple"


def account(name: str, *permissions: str, **values: Any) -> User:
    # Those of the settings now: the database was migrated with others.
    create_permissions("default")
    user = User.objects.create_user(name, password=PASSWORD, **values)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def bearer(name: str, *permissions: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {create_token(name, account(name, *permissions))}"}


def log_in(
    browser: Browser, name: str, password: str = PASSWORD, page: str = "/login", next: str = "/"
) -> Answer:
    token = browser.get("/login").forms["/login"]["csrfmiddlewaretoken"]
    typed = {"username": name, "password": password, "next": next}
    return browser.send(page, {"csrfmiddlewaretoken": token, **typed})


def is_refused(answer: Answer, status: int, challenge: str | None, words: str) -> bool:
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (status, challenge)
    return words in answer.text
