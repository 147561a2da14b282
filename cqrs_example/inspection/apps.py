from django.apps import AppConfig


class InspectionConfig(AppConfig):
    name = __package__
    label = "inspection"
    verbose_name = "Inspection"
