from django.urls import path

from .views import increase

urlpatterns = [
    path("products/<sku:sku>/increase_quantity", increase, name="increase_product_quantity"),
]
