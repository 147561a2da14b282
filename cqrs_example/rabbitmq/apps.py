from django.apps import AppConfig


class RabbitmqConfig(AppConfig):
    name = __package__
    label = "rabbitmq"
