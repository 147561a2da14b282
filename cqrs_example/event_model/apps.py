from django.apps import AppConfig


class EventModelConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "event_model"
    verbose_name = "Event model"

    def ready(self) -> None:
        from . import checks as checks
