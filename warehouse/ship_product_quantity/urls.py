from django.urls import path

from .views import ship_quantity

urlpatterns = [
    path("products/<sku:sku>/ship_quantity", ship_quantity, name="ship_product_quantity"),
]
