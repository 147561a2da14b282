"""Links between streams, pages of the application and rows of read models.

Settings state them, so that this block knows nothing of the domain.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldError
from django.urls import NoReverseMatch, reverse

from .statistics import projection_models

FEW = 5  # rows


def page_of(stream: str) -> str | None:
    """The address of the application's page about a stream, or None.

    `settings.STREAM_PAGES` maps the category of streams to the name of a URL: of `account-ann`,
    the URL of "account" with the argument "ann".
    """
    category, _, rest = stream.partition("-")
    name = getattr(settings, "STREAM_PAGES", {}).get(category)
    try:
        return reverse(name, args=[rest]) if name else None
    except NoReverseMatch:
        return None


def stream_of(projection: str, row: object) -> str | None:
    """The stream that a row of a read model is about, or None.

    `settings.READ_MODEL_STREAMS` maps a projection to a pattern such as "account-{name}".
    """
    pattern = getattr(settings, "READ_MODEL_STREAMS", {}).get(projection)
    return pattern.format_map(vars(row)) if pattern else None


def fields_of(stream: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The projections that have rows about a stream, each with the values of the columns by which
    these rows are found: `stream_of` reversed."""
    for projection, pattern in getattr(settings, "READ_MODEL_STREAMS", {}).items():
        names = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(pattern))
        match = re.fullmatch(names, stream, re.DOTALL)
        if match and match.groupdict():
            yield projection, match.groupdict()


def rows_about(stream: str) -> Iterator[tuple[str, Any]]:
    """The rows of read models that are about a stream, each with the name of its projection; of
    each model the first `FEW`."""
    models = projection_models()
    for projection, named in fields_of(stream):
        for model in models.get(projection, ()):
            try:
                rows = list(model.objects.filter(**named)[:FEW])
            except (FieldError, ValueError):  # this model of the projection lacks such columns
                continue
            yield from ((projection, row) for row in rows)
