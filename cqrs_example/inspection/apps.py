from django.apps import AppConfig


class InspectionConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "inspection"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Inspection"

    def ready(self) -> None:
        from . import checks as checks
