"""The permissions of `settings.PERMISSIONS`: the database's rows for them, and who has which."""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.utils.module_loading import import_string

from .configuration import setting
from .models import Token


def create_permissions(using: str, **kwargs: Any) -> None:
    """A row for each, so that the admin can give them to accounts and groups."""
    model = ContentType.objects.db_manager(using).get_for_model(Token)
    for name in setting("PERMISSIONS"):
        Permission.objects.using(using).get_or_create(
            content_type=model, codename=name, defaults={"name": f"Can {name}"}
        )


def needed(view: Any) -> str | None:
    """The permission that a view takes; None for one that needs no more than a login."""
    paths = setting("PERMISSIONS").items()
    return next((name for name, path in paths if import_string(path) is view), None)


def has(user: Any, name: str) -> bool:
    """Whether a user, of whatever model the project has, or nobody (`AnonymousUser`) may do it."""
    return bool(user.has_perm(f"access.{name}"))
