from django.urls import path

from .views import find, product

urlpatterns = [
    path("product", find, name="find_product"),
    path("products/<str:sku>", product, name="product"),
]
