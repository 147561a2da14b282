from django.apps import AppConfig


class ProjectionsConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "projections"
    verbose_name = "Projections"

    def ready(self) -> None:
        from . import checks as checks
