from django.apps import AppConfig


class ImportStockConfig(AppConfig):
    name = "warehouse.import_stock"
    label = "warehouse_import_stock"
