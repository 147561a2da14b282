from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class EventStoreConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "eventstore"
    verbose_name = "Event store"

    def ready(self) -> None:
        from . import checks as checks
        from .migrations._going_back import refuse_to_undo

        pre_migrate.connect(refuse_to_undo, sender=self)
