from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "messaging"

    def ready(self) -> None:
        from . import checks as checks
