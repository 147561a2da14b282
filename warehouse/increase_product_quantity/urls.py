from django.urls import path

from .views import increase_quantity

urlpatterns = [
    path(
        "products/<sku:sku>/increase_quantity", increase_quantity, name="increase_product_quantity"
    ),
]
