from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "operations"

    def ready(self) -> None:
        from . import checks as checks
