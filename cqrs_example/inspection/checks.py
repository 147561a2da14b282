"""`manage.py check` says what this block lacks."""

from typing import Any

from django.core.checks import CheckMessage, register

from ..eventstore.checks import missing_apps


@register
def check_inspection(**kwargs: Any) -> list[CheckMessage]:
    """The blocks and the admin that this block needs are installed.

    The admin's own checks say what the admin needs.
    """
    return list(missing_apps("inspection", "eventstore", "messaging", "admin"))
