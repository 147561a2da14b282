from django.apps import AppConfig


class LowStockConfig(AppConfig):
    name = "warehouse.low_stock"
    label = "warehouse_low_stock"
    verbose_name = "Low Stock"
