from django.apps import AppConfig


class CountProductQuantityConfig(AppConfig):
    name = "warehouse.count_product_quantity"
    label = "warehouse_count_product_quantity"
