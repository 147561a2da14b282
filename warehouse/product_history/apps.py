from django.apps import AppConfig


class ProductHistoryConfig(AppConfig):
    name = "warehouse.product_history"
    label = "warehouse_product_history"
    verbose_name = "Product History"
