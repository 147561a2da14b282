"""The notice on every page."""

from django.conf import settings


def notice(request: object) -> dict[str, str]:
    """`{{ notice }}` in templates: the sentence in `settings.NOTICE`, which may be empty."""
    return {"notice": settings.NOTICE}
