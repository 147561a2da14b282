"""Where streams lead to; `settings.STREAM_PAGES` says it, so that nothing here knows the domain."""

from django.conf import settings
from django.urls import NoReverseMatch, reverse


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
