from django.apps import AppConfig


class EventStoreConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "eventstore"
    verbose_name = "Event store"

    def ready(self) -> None:
        from . import checks as checks
