from django.apps import AppConfig


class EventStoreConfig(AppConfig):
    name = __package__
    label = "eventstore"
    verbose_name = "Event store"

    def ready(self) -> None:
        from . import checks  # noqa: F401
