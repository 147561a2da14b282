from django.urls import path

from .views import count

urlpatterns = [
    path("products/<sku:sku>/count_quantity", count, name="count_product_quantity"),
]
