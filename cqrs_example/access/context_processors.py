"""The variable `forbidden` in templates: what the account that sees the page may not do."""

from typing import Any

from django.http import HttpRequest

from .configuration import setting
from .middleware import is_open
from .permissions import has


class Forbidden:
    """`forbidden.ship`: whether the account lacks this permission of `settings.PERMISSIONS`."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __getitem__(self, name: str) -> bool:
        if name not in setting("PERMISSIONS") or is_open(self.request):
            return False
        return not has(self.request.user, name)


def forbidden(request: HttpRequest) -> dict[str, Any]:
    """`{{ forbidden }}`, by which templates hide forms.

    They ask what is forbidden, not what is allowed: in a project without this block the variable is
    empty, and all forms are shown.
    """
    return {"forbidden": Forbidden(request)}
