from django.apps import AppConfig


class ProductsConfig(AppConfig):
    name = "warehouse.products"
    label = "warehouse_products"
    verbose_name = "Products"

    def ready(self) -> None:
        from . import checks as checks
