from django.apps import AppConfig


class UndoProductChangeConfig(AppConfig):
    name = "warehouse.undo_product_change"
    label = "warehouse_undo_product_change"
