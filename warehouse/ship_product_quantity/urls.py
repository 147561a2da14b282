from django.urls import path

from .views import ship

urlpatterns = [
    path("products/<sku:sku>/ship_quantity", ship, name="ship_product_quantity"),
]
