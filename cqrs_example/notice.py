"""What stands on every page."""

from django.conf import settings


def notice(request: object) -> dict[str, str]:
    """`{{ notice }}`: `settings.NOTICE`, or nothing."""
    return {"notice": settings.NOTICE}
