from django.urls import path

from .views import ship_quantity

urlpatterns = [
    path("products/<path:sku>/ship_quantity", ship_quantity, name="ship_product_quantity"),
]
