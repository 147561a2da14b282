"""`manage.py check` fails with a sentence when SUBSCRIPTIONS is wrong; with `--database default`,
which a server runs before it starts, also when the database says otherwise."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, cast

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, InterfaceError

from ..eventstore.checks import missing_apps
from .switching import differences


@register
def check_apps(**kwargs: Any) -> list[CheckMessage]:
    return list(missing_apps("subscriptions", "eventstore", "messaging"))


@register
def check_subscriptions(**kwargs: Any) -> list[CheckMessage]:
    """Each is the name of one projection or of one policy, and is there once."""
    names = getattr(settings, "SUBSCRIPTIONS", [])
    if not isinstance(names, (list, tuple)):
        return [Error("settings.SUBSCRIPTIONS must be a list.", id="subscriptions.E001")]
    asked = cast(Sequence[Any], names)
    there: list[Any] = []
    for setting in ("PROJECTIONS", "POLICIES"):
        entries = getattr(settings, setting, None)
        there += entries if isinstance(entries, dict) else ()
    wrong = [name for name in asked if there.count(name) != 1 or asked.count(name) != 1]
    sentence = (
        "settings.SUBSCRIPTIONS: {!r} must be one projection or one policy, and be there once."
    )
    return [Error(sentence.format(name), id="subscriptions.E001") for name in wrong]


@register(Tags.database)
def check_deliverers(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Settings and database agree on who delivers. A database that does not answer, or is not
    migrated, is told by others."""
    found: list[str] = []
    with suppress(DatabaseError, InterfaceError):
        found = differences() if "default" in (databases or ()) else []
    return [Error(sentence, id="subscriptions.E002") for sentence in found]
