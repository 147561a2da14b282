from django.apps import AppConfig


class ShipProductQuantityConfig(AppConfig):
    name = "warehouse.ship_product_quantity"
    label = "warehouse_ship_product_quantity"
