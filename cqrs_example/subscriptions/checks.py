"""`manage.py check` fails with a sentence when SUBSCRIPTIONS is wrong; with `--database default`,
which a server runs before it starts, also when the database says otherwise."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import InterfaceError, OperationalError, ProgrammingError

from .switching import differences


@register
def check_subscriptions(**kwargs: Any) -> list[CheckMessage]:
    """Each is the name of one projection or one policy."""
    names = getattr(settings, "SUBSCRIPTIONS", ())
    if not isinstance(names, (list, tuple)):
        return [Error("settings.SUBSCRIPTIONS must be a list.", id="subscriptions.E001")]
    return [
        Error(f"settings.SUBSCRIPTIONS: {sentence}", id="subscriptions.E001")
        for sentence in _problems(names)
    ]


@register(Tags.database)
def check_deliverers(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Settings and database agree on who delivers; a database that does not answer, or is not
    migrated, is told by other checks and by /readyz."""
    try:
        found = differences() if "default" in (databases or ()) else []
    except (OperationalError, InterfaceError, ProgrammingError):
        found = []
    return [Error(sentence, id="subscriptions.E002") for sentence in found]


def _problems(names: Iterable[Any]) -> Iterator[str]:
    projections, policies = (
        value if isinstance(value := getattr(settings, each, None), dict) else {}
        for each in ("PROJECTIONS", "POLICIES")
    )
    for name in (names := list(names)):
        if not isinstance(name, str) or (name not in projections and name not in policies):
            known = ", ".join([*projections, *policies])
            yield f"there is no projection and no policy {name!r}. There are: {known}."
        elif name in projections and name in policies:
            yield f"{name!r} is a projection and a policy: give one of them another name."
        elif names.count(name) > 1:
            yield f"{name!r} is there twice."
