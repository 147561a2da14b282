from django.apps import AppConfig


class ProjectionsConfig(AppConfig):
    name = __package__
    label = "projections"
    verbose_name = "Projections"

    def ready(self) -> None:
        from . import checks  # noqa: F401
