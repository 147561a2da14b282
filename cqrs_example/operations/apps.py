from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = __package__
    label = "operations"

    def ready(self) -> None:
        from . import checks  # noqa: F401
