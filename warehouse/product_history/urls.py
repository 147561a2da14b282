from django.urls import path

from .views import product

urlpatterns = [path("products/<str:sku>", product, name="product")]
