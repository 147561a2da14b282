"""`manage.py check` says what this block lacks."""

from typing import Any

from django.core.checks import CheckMessage, register

from ..eventstore.checks import missing_apps


@register
def check_inspection(**kwargs: Any) -> list[CheckMessage]:
    """The log, its wiring and the admin are there; what the admin needs, it says itself."""
    return list(missing_apps("inspection", "eventstore", "messaging", "admin"))
