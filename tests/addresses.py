"""The addresses of the URLconf that the settings name, spelled as OpenAPI does."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver


def addresses() -> list[str]:
    """All of them, but the admin's: `/accounts/{account}/deposit`."""
    return list(_below(get_resolver().url_patterns, "/"))


def _below(patterns: Any, before: str) -> Iterator[str]:
    for pattern in patterns:
        address = before + re.sub("<(?:[^>:]*:)?([^>]*)>", r"{\1}", str(pattern.pattern))
        if address == "/admin/":
            continue
        if hasattr(pattern, "url_patterns"):
            yield from _below(pattern.url_patterns, address)
        else:
            yield address
