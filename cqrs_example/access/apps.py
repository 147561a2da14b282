from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccessConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks as checks
        from .permissions import create_permissions

        # Django makes the permissions of models at the same time.
        post_migrate.connect(create_permissions, sender=self)
