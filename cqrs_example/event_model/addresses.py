"""The addresses of the URLconf, and which handlers and models their views use."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import URLResolver, get_resolver

from .reach import named_by, plain


@dataclass(frozen=True)
class Address:
    """One address: its methods, such as `GET` and `POST`, and its path as the URLconf has it."""

    methods: Sequence[str]
    path: str
    view: Any

    def __str__(self) -> str:
        return f"{'/'.join(m for m in self.methods if m != 'HEAD')} {self.path}"


def addresses() -> list[Address]:
    """All addresses whose view has the attribute `methods`, as those with `http.endpoint` have."""
    return list(_addresses(get_resolver().url_patterns, "/"))


def about(address: Address, things: Sequence[Any]) -> bool:
    """Whether the view of an address uses one of these handlers or models."""
    named = named_by(address.view)
    return any(thing in named for thing in map(_plain, things))


def _plain(thing: Any) -> Any:
    return thing if isinstance(thing, type) else plain(thing)


def _addresses(patterns: Sequence[Any], prefix: str) -> Iterator[Address]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, path)
        elif methods := getattr(getattr(pattern, "callback", None), "methods", None):
            yield Address(methods, path, pattern.callback)
