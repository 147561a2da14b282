from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = __name__.rpartition(".")[0]
    label = "privacy"

    def ready(self) -> None:
        from . import checks as checks
