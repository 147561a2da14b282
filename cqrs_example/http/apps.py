from django.apps import AppConfig


class HttpConfig(AppConfig):
    name = __package__
    label = "http"
    verbose_name = "HTTP"
