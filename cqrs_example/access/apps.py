from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccessConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks as checks
        from .permissions import create_permissions

        # As Django does with the permissions of models: the rows are there once it has migrated.
        post_migrate.connect(create_permissions, sender=self)
