from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "telemetry"

    def ready(self) -> None:
        from . import checks as checks
