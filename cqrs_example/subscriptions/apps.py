from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "subscriptions"

    def ready(self) -> None:
        from . import checks as checks
