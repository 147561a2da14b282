from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = __package__
    label = "privacy"

    def ready(self) -> None:
        from . import checks  # noqa: F401
