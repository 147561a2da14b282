"""`manage.py check --database default` fails if settings and database disagree on who delivers.

A server runs it before it starts. `messaging` checks the names in SUBSCRIPTIONS.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, InterfaceError

from ..eventstore.checks import missing_apps
from .switching import differences


@register
def check_apps(**kwargs: Any) -> list[CheckMessage]:
    return list(missing_apps("subscriptions", "eventstore", "messaging"))


@register(Tags.database)
def check_deliverers(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Settings and database agree on who delivers.

    Other checks report a database that does not answer or is not migrated.
    """
    with suppress(DatabaseError, InterfaceError):
        if "default" in (databases or ()):
            return [Error(sentence, id="subscriptions.E002") for sentence in differences()]
    return []
