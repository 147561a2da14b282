from django.apps import AppConfig
from django.core.checks import register


class RabbitmqConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "rabbitmq"

    def ready(self) -> None:
        from .checks import check_rabbitmq

        register(check_rabbitmq)
