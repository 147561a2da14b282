from django.apps import AppConfig


class IncreaseProductQuantityConfig(AppConfig):
    name = "warehouse.increase_product_quantity"
    label = "warehouse_increase_product_quantity"
