from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "subscriptions"
    verbose_name = "Subscriptions"

    def ready(self) -> None:
        from . import checks as checks
