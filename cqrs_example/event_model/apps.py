from django.apps import AppConfig


class EventModelConfig(AppConfig):
    name = __package__
    label = "event_model"
    verbose_name = "Event model"
