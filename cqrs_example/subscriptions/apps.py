from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = __package__
    label = "subscriptions"
    verbose_name = "Subscriptions"

    def ready(self) -> None:
        from . import checks  # noqa: F401
