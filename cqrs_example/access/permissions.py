"""The permissions of `settings.PERMISSIONS`: their rows in the database, and who has them."""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.utils.module_loading import import_string

from .configuration import setting
from .models import Token


def create_permissions(using: str, **kwargs: Any) -> None:
    """Make a row for each permission, so that the admin can give it to accounts and groups.

    Django calls it after each `migrate`; `using` is the name of the database.
    """
    model = ContentType.objects.db_manager(using).get_for_model(Token)
    for name in setting("PERMISSIONS"):
        Permission.objects.using(using).get_or_create(
            content_type=model, codename=name, defaults={"name": f"Can {name}"}
        )


def needed(view: Any) -> str | None:
    """The name of the permission that a view needs; None if a login is enough."""
    paths = setting("PERMISSIONS").items()
    return next((name for name, path in paths if import_string(path) is view), None)


def has(user: Any, name: str) -> bool:
    """Whether a user has the permission of this name. The user may be an `AnonymousUser`."""
    return bool(user.has_perm(f"access.{name}"))
