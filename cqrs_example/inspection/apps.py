from django.apps import AppConfig


class InspectionConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "inspection"
    verbose_name = "Inspection"
