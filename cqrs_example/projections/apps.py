from django.apps import AppConfig


class ProjectionsConfig(AppConfig):
    name = __package__
    label = "projections"
    verbose_name = "Projections"
