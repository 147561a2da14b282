"""Where streams lead to; `settings.STREAM_PAGES` says it, so that nothing here knows the domain."""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldError
from django.urls import NoReverseMatch, reverse

from .statistics import projection_models

FEW = 5  # rows


def page_of(stream: str) -> str | None:
    """The application's page of a stream: `account-ann` is at the URL that is named for
    `account`, with `ann`. None when there is no such page."""
    category, _, rest = stream.partition("-")
    name = getattr(settings, "STREAM_PAGES", {}).get(category)
    try:
        return reverse(name, args=[rest]) if name else None
    except NoReverseMatch:
        return None


def stream_of(projection: str, row: object) -> str | None:
    """The stream that a row of a read model is about: see `settings.READ_MODEL_STREAMS`."""
    pattern = getattr(settings, "READ_MODEL_STREAMS", {}).get(projection)
    return pattern.format_map(vars(row)) if pattern else None


def fields_of(stream: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The projections that have rows about a stream, with the values that these have: `stream_of`
    the other way round."""
    for projection, pattern in getattr(settings, "READ_MODEL_STREAMS", {}).items():
        names = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(pattern))
        found = re.fullmatch(names, stream, re.DOTALL)
        if found and found.groupdict():
            yield projection, found.groupdict()


def rows_about(stream: str) -> Iterator[tuple[str, Any]]:
    """The rows of read models that are about a stream, with the projections' names. The first few
    of each model."""
    models = projection_models()
    for projection, named in fields_of(stream):
        for model in models.get(projection, ()):
            try:
                rows = list(model.objects.filter(**named)[:FEW])
            except (FieldError, ValueError):  # another model of the same projection
                continue
            yield from ((projection, row) for row in rows)
