from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "warehouse.activity"
    label = "warehouse_activity"
