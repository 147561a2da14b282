"""With `--database default`, which a server runs before it starts, `manage.py check` fails when the
database says otherwise than the settings who delivers. That SUBSCRIPTIONS is right, `messaging`
looks at."""

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
    """A database that does not answer, or is not migrated, is told by others."""
    with suppress(DatabaseError, InterfaceError):
        if "default" in (databases or ()):
            return [Error(sentence, id="subscriptions.E002") for sentence in differences()]
    return []
