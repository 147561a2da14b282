from django.apps import AppConfig
from django.core.checks import register


class PrivacyConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "privacy"

    def ready(self) -> None:
        from .checks import check_privacy

        register(check_privacy)
