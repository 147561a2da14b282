from django.apps import AppConfig


class RabbitmqConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "rabbitmq"

    def ready(self) -> None:
        from . import checks as checks
