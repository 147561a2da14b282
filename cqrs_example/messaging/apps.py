from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = __package__
    label = "messaging"

    def ready(self) -> None:
        from . import checks  # noqa: F401
