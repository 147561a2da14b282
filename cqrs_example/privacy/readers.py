"""The projections that hear events with personal data, according to their signatures."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any, get_args

from django.conf import settings

from ..eventstore.codecs import hints_of
from ..messaging.hearing import heard_by
from .events import PersonForgotten
from .personal import Personal


def readers() -> Iterator[tuple[str, bool]]:
    """The name of each such projection, and whether it hears `PersonForgotten` as well."""
    for name, path in settings.PROJECTIONS.items():
        heard = heard_by(import_module(path).project)
        if any(holds_personal(kind) for kind in heard):
            yield name, any(issubclass(PersonForgotten, kind) for kind in heard)


def holds_personal(hint: Any, seen: tuple[Any, ...] = ()) -> bool:
    """Whether a type is `Personal`, or contains it at any depth."""
    if hint is Personal:
        return True
    parts, passed = list(get_args(hint)), (*seen, hint)
    if isinstance(hint, type) and is_dataclass(hint) and hint not in seen:
        parts += hints_of(hint).values()
    return any(holds_personal(part, passed) for part in parts)
